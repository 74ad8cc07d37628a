package gcs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
)

// copyPart copies bytes [from, to) of the object "source", which holds u.data, as the next part.
func (u *upload) copyPart(ctx context.Context, from, to int, match string) error {
	p, err := u.s.CopyPart(ctx, "k", u.id, len(u.parts)+1, "source", &storage.CopyPartOptions{
		PartOptions:  storage.PartOptions{Offset: int64(from), Last: to == len(u.data)},
		SourceOffset: int64(from), SourceLength: int64(to - from), SourceIfMatch: match,
	})
	if err == nil {
		u.parts = append(u.parts, p)
	}
	return err
}

func (u *upload) mustCopyPart(from, to int) {
	u.t.Helper()
	if err := u.copyPart(u.t.Context(), from, to, ""); err != nil {
		u.t.Fatalf("CopyPart %d-%d: %v", from, to, err)
	}
}

// beginMultipart is as beginSession, for an XML multipart upload.
func beginMultipart(t *testing.T, s *Store, size int) *upload {
	t.Helper()
	u := &upload{t: t, s: s, opts: &storage.PutOptions{}, data: bytes.Repeat([]byte("0123456"), size/7+1)[:size]}
	var err error
	if u.id, err = s.CreateUpload(t.Context(), "k", u.opts); err != nil {
		t.Fatalf("CreateUpload: %v", err)
	}
	return u
}

// A part is a read and a write, of any number of bytes, and its checksum is that of the bytes.
func TestCopyPart(t *testing.T) {
	for name, begin := range map[string]func(*testing.T, *Store, int) *upload{"multipart": beginMultipart, "session": beginSession} {
		t.Run(name, func(t *testing.T) {
			f, h := startHooked(t)
			u := begin(t, f.open(t), minPart+chunk+100)
			put(t, u.s, "source", string(u.data), storage.PutOptions{})
			h.take()
			u.mustCopyPart(0, minPart)
			u.mustCopyPart(minPart, len(u.data))
			want := []string{"GET", "PUT", "GET", "PUT"}
			if name == "session" {
				want = []string{"GET", "PUT bytes 0-5242879/*", "GET", "PUT bytes 5242880-5505023/*"}
			}
			if diff := cmp.Diff(want, h.take()); diff != "" {
				t.Errorf("requests: -want +got\n%s", diff)
			}
			u.check(u.complete())
		})
	}
}

// What cannot be copied is refused as a read of it is, and no part is sent.
func TestCopyPartRefused(t *testing.T) {
	f, h := startHooked(t)
	u := beginMultipart(t, f.open(t), 100)
	old := put(t, u.s, "source", "old", storage.PutOptions{})
	put(t, u.s, "source", string(u.data), storage.PutOptions{})
	h.take()
	ctx := t.Context()
	wantKind(t, "an old ETag", u.copyPart(ctx, 0, 100, old.ETag), storage.ErrPrecondition)
	wantKind(t, "a malformed ETag", u.copyPart(ctx, 0, 100, "0"), storage.ErrPrecondition)
	wantKind(t, "behind the end", u.copyPart(ctx, 100, 110, ""), storage.ErrRange)
	wantKind(t, "over the end", u.copyPart(ctx, 90, 110, ""), storage.ErrRange)
	wantKind(t, "nothing", u.copyPart(ctx, 90, 90, ""), storage.ErrInvalid)
	wantKind(t, "less than nothing", u.copyPart(ctx, 90, 80, ""), storage.ErrInvalid)
	for src, kind := range map[string]error{"missing": storage.ErrNotExist, ".": storage.ErrInvalidKey} {
		_, err := u.s.CopyPart(ctx, "k", u.id, 1, src, &storage.CopyPartOptions{SourceLength: 1})
		wantKind(t, src, err, kind)
	}
	_, err := u.s.CopyPart(ctx, "k", u.id, 1, "source", &storage.CopyPartOptions{SourceLength: 1, SourceVersionID: "x"})
	wantKind(t, "no version", err, storage.ErrNotExist)
	_, err = u.s.CopyPart(ctx, "k", u.id, 0, "source", &storage.CopyPartOptions{SourceLength: 1})
	wantKind(t, "part 0", err, storage.ErrInvalid)
	_, err = u.s.CopyPart(ctx, "k", "rx", 1, "source", &storage.CopyPartOptions{SourceLength: 1})
	wantKind(t, "no upload", err, storage.ErrNotExist)
	for _, seen := range h.take() {
		if seen != "GET" {
			t.Errorf("request: %s", seen)
		}
	}
}

// A read that breaks is the error of the part, which was not sent whole; the next attempt has it.
func TestCopyPartBrokenRead(t *testing.T) {
	for name, begin := range map[string]func(*testing.T, *Store, int) *upload{"multipart": beginMultipart, "session": beginSession} {
		t.Run(name, func(t *testing.T) {
			f, h := startHooked(t)
			u := begin(t, f.open(t), minPart+100)
			put(t, u.s, "source", string(u.data), storage.PutOptions{})
			h.once(func(r *http.Request) bool { return r.Method == http.MethodGet }, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil {
					resp.Body = struct {
						io.Reader
						io.Closer
					}{io.MultiReader(io.LimitReader(resp.Body, 2*chunk+5), broken{}), resp.Body}
				}
				return resp, err
			})
			if e := wantKind(t, "CopyPart", u.copyPart(t.Context(), 0, len(u.data), ""), storage.ErrUnavailable); e.InDoubt {
				t.Error("a part of which only a piece was sent is in doubt")
			}
			u.mustCopyPart(0, len(u.data))
			u.check(u.complete())
		})
	}
}

// After a lost answer the service is asked what it has of the part, and none of it is sent again; it is read again, for the sum.
func TestCopyPartLostAnswer(t *testing.T) {
	for _, size := range []int{4*chunk + 1, 4 * chunk} {
		f, h := startHooked(t)
		u := beginSession(t, f.open(t), size)
		put(t, u.s, "source", string(u.data), storage.PutOptions{})
		u.mustCopyPart(0, chunk)
		h.once(isChunk, lose)
		wantKind(t, "CopyPart", u.copyPart(t.Context(), chunk, size, ""), storage.ErrUnavailable)
		h.take()
		u.mustCopyPart(chunk, size)
		if diff := cmp.Diff([]string{"GET", "PUT bytes */*"}, h.take()); diff != "" {
			t.Errorf("requests: -want +got\n%s", diff)
		}
		u.parts = u.parts[:1]
		u.mustCopyPart(chunk, size) // the same again is no write
		if diff := cmp.Diff([]string{"GET"}, h.take()); diff != "" {
			t.Errorf("requests: -want +got\n%s", diff)
		}
		u.check(u.complete())
	}
}

// The service may keep less than it was sent: the rest is read again, from the same generation.
func TestCopyPartKeepsLess(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 4*chunk+1)
	put(t, u.s, "source", string(u.data), storage.PutOptions{})
	h.take()
	h.once(isChunk, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		half := r.Clone(r.Context())
		half.Body, half.ContentLength = io.NopCloser(bytes.NewReader(body[:chunk])), chunk
		half.Header.Set("Content-Range", fmt.Sprintf("bytes 0-%d/*", chunk-1))
		return next.RoundTrip(half)
	})
	u.mustCopyPart(0, len(u.data))
	if diff := cmp.Diff([]string{"GET", "PUT bytes 0-1048575/*", "PUT bytes 262144-1048575/*", "GET"}, h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
	u.check(u.complete())
}

// What arrived otherwise than it was read is never a part.
func TestCopyPartDamaged(t *testing.T) {
	f, h := startHooked(t)
	u := beginMultipart(t, f.open(t), 100)
	put(t, u.s, "source", string(u.data), storage.PutOptions{})
	h.once(func(r *http.Request) bool { return r.Method == http.MethodPut },
		say(http.StatusOK, http.Header{"Etag": {`"x"`}, "X-Goog-Hash": {"crc32c=AAAAAA=="}}, ""))
	wantKind(t, "CopyPart", u.copyPart(t.Context(), 0, 100, ""), storage.ErrIntegrity)
}

// An answer before the body was sent leaves no read open, and is the error.
func TestCopyPartEarlyAnswer(t *testing.T) {
	f, h := startHooked(t)
	u := beginMultipart(t, f.open(t), minPart)
	put(t, u.s, "source", string(u.data), storage.PutOptions{})
	h.once(func(r *http.Request) bool { return r.Method == http.MethodPut }, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusServiceUnavailable, Header: make(http.Header), Body: io.NopCloser(strings.NewReader("busy")), Request: r,
		}, nil
	})
	if e := wantKind(t, "CopyPart", u.copyPart(t.Context(), 0, minPart, ""), storage.ErrUnavailable); e.Status != http.StatusServiceUnavailable {
		t.Errorf("CopyPart: %+v", e)
	}
	u.mustCopyPart(0, minPart)
	u.check(u.complete())
}

// A Store whose Copy does not serve copies in parts: the Bucket's way, one generation throughout.
func TestCopyInParts(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	data := strings.Repeat("0123456789", 2*minPart/10)
	put(t, s, "source", data, storage.PutOptions{ContentType: "text/x"})
	for _, opts := range []*storage.CopyOptions{{}, {IfAbsent: true}, {Replace: true, Tags: someTags}} {
		b := storage.New(withoutCopy{s}, &storage.Options{PartSize: chunk})
		if _, err := b.Copy(t.Context(), "k", "source", opts); err != nil {
			t.Fatalf("Copy by %+v: %v", opts, err)
		}
		if got, _ := read(t, s, "k", storage.GetOptions{}); got != data {
			t.Errorf("Copy by %+v: %d bytes, want %d", opts, len(got), len(data))
		}
		wantTags(t, "the copy", tagsOf(t, s, "k"), opts.Tags)
		if err := b.Delete(t.Context(), "k", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutCopy is a Store that refuses Copy.
type withoutCopy struct{ storage.FullStore }

func (withoutCopy) Copy(context.Context, string, string, *storage.CopyOptions) (*storage.CopyResult, error) {
	return nil, unsupported("no Copy")
}
