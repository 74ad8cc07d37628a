package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// upload is a resumable session of a test.
type upload struct {
	t     *testing.T
	s     *Store
	id    string
	opts  *storage.PutOptions
	data  []byte
	parts []*storage.Part
}

func beginSession(t *testing.T, s *Store, size int) *upload {
	t.Helper()
	u := &upload{t: t, s: s, opts: &storage.PutOptions{IfAbsent: true}, data: make([]byte, size)}
	for i := range u.data {
		u.data[i] = byte(i * 7 / 3)
	}
	var err error
	if u.id, err = s.CreateUpload(t.Context(), "k", u.opts); err != nil {
		t.Fatalf("CreateUpload: %v", err)
	}
	return u
}

// part sends bytes [from, to) as the next part.
func (u *upload) part(from, to int) error {
	p, err := u.s.PutPart(u.t.Context(), "k", u.id, len(u.parts)+1,
		bytes.NewReader(u.data[from:to]), int64(to-from),
		&storage.PartOptions{Offset: int64(from), Last: to == len(u.data)})
	if err == nil {
		u.parts = append(u.parts, p)
	}
	return err
}

func (u *upload) mustPart(from, to int) {
	u.t.Helper()
	if err := u.part(from, to); err != nil {
		u.t.Fatalf("PutPart %d-%d: %v", from, to, err)
	}
}

func (u *upload) complete() (*storage.Object, error) {
	return u.s.CompleteUpload(u.t.Context(), "k", u.id, u.parts, u.opts)
}

func (u *upload) check(o *storage.Object, err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatalf("CompleteUpload: %v", err)
	}
	got, now := read(u.t, u.s, "k", storage.GetOptions{})
	if got != string(u.data) {
		u.t.Errorf("the object has %d bytes that are not the %d that were sent", len(got),
			len(u.data))
	}
	if o.ETag != now.ETag || o.Size != int64(len(u.data)) ||
		!bytes.Equal(o.Checksums.CRC32C, now.Checksums.CRC32C) {
		t := *o
		u.t.Errorf("CompleteUpload = %+v, Get %+v", t, now)
	}
}

// Calls for the same part at the same time: one is sent, and all have it.
func TestSessionPartAtOnce(t *testing.T) {
	f, h := startHooked(t)
	s := f.open(t)
	u := beginSession(t, s, 3*chunk)
	for n := range 3 {
		from, parts, calls := n*chunk, make([]*storage.Part, 8), sync.WaitGroup{}
		for i := range parts {
			calls.Go(func() {
				var err error
				parts[i], err = s.PutPart(t.Context(), "k", u.id, n+1,
					bytes.NewReader(u.data[from:from+chunk]), chunk,
					&storage.PartOptions{Offset: int64(from), Last: n == 2})
				if err != nil {
					t.Errorf("part %d: %v", n+1, err)
				}
			})
		}
		calls.Wait()
		u.parts = append(u.parts, parts[0])
	}
	u.check(u.complete())
	if diff := cmp.Diff([]string{"POST", "PUT bytes 0-262143/*", "PUT bytes 262144-524287/*",
		"PUT bytes 524288-786431/*", "PUT bytes */786432", "GET"}, h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
}

func wantKind(t *testing.T, what string, err, kind error) *storage.Error {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("%s: %v, want kind %v", what, err, kind)
	}
	return e
}

func isChunk(r *http.Request) bool {
	span := r.Header.Get("Content-Range")
	return span != "" && !strings.HasPrefix(span, "bytes */")
}

// The requests of a session: whole chunks as parts come, the tail at the end.
func TestSessionRequests(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 3*chunk+100)
	u.mustPart(0, 2*chunk)
	u.mustPart(2*chunk, len(u.data))
	u.check(u.complete())
	if diff := cmp.Diff([]string{"POST", "PUT bytes 0-524287/*", "PUT bytes 524288-786431/*",
		"PUT bytes 786432-786531/786532", "GET"}, h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
}

// A session whose bytes are whole chunks is completed by an empty request.
func TestSessionWithoutTail(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk)
	u.mustPart(0, 2*chunk)
	u.check(u.complete())
	if diff := cmp.Diff([]string{"POST", "PUT bytes 0-524287/*", "PUT bytes */524288", "GET"},
		h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
}

// After a lost answer the service is asked what it has, and none of it is sent again.
func TestSessionLostChunk(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 4*chunk+1)
	h.once(isChunk, lose)
	wantKind(t, "PutPart", u.part(0, 2*chunk), storage.ErrUnavailable)
	h.take()
	u.mustPart(0, 2*chunk)
	u.mustPart(2*chunk, len(u.data))
	if diff := cmp.Diff([]string{"PUT bytes */*", "PUT bytes 524288-1048575/*"},
		h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
	u.check(u.complete())
}

// The service may keep less than it was sent: the rest goes up within the same call.
func TestSessionKeepsLess(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 4*chunk+1)
	h.once(isChunk, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		half := r.Clone(r.Context())
		half.Body, half.ContentLength = io.NopCloser(io.LimitReader(r.Body, chunk)), chunk
		half.Header.Set("Content-Range", fmt.Sprintf("bytes 0-%d/*", chunk-1))
		return next.RoundTrip(half)
	})
	u.mustPart(0, 3*chunk)
	u.mustPart(3*chunk, len(u.data))
	want := []string{"POST", "PUT bytes 0-786431/*", "PUT bytes 262144-786431/*",
		"PUT bytes 786432-1048575/*"}
	if diff := cmp.Diff(want, h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
	u.check(u.complete())
}

// A service that takes nothing is not asked for ever.
func TestSessionKeepsNothing(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk)
	h.once(isChunk, say(http.StatusPermanentRedirect, nil, ""))
	wantKind(t, "PutPart", u.part(0, 2*chunk), storage.ErrUnavailable)
	u.mustPart(0, 2*chunk)
	u.check(u.complete())
}

// A lost final answer is settled by asking: the upload is not sent twice, and the object was made
// once.
func TestSessionLostCompletion(t *testing.T) {
	for _, size := range []int{2*chunk + 100, 2 * chunk} {
		f, h := startHooked(t)
		u := beginSession(t, f.open(t), size)
		u.mustPart(0, size)
		h.once(func(r *http.Request) bool { return r.Method == http.MethodPut }, lose)
		_, err := u.complete()
		if e := wantKind(t, "CompleteUpload", err, storage.ErrUnavailable); !e.InDoubt {
			t.Error("a completion whose answer was lost is not in doubt")
		}
		h.take()
		u.check(u.complete())
		if diff := cmp.Diff([]string{fmt.Sprintf("PUT bytes */%d", size), "GET"},
			h.take()); diff != "" {
			t.Errorf("requests: -want +got\n%s", diff)
		}
		_, err = u.complete()
		wantKind(t, "CompleteUpload again", err, storage.ErrNotExist)
	}
}

// A completion that never arrived is sent after asking.
func TestSessionCompletionNeverSent(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), chunk+5)
	u.mustPart(0, len(u.data))
	h.once(isChunk, say(http.StatusServiceUnavailable, nil, "Backend Error"))
	_, err := u.complete()
	if e := wantKind(t, "CompleteUpload", err, storage.ErrUnavailable); !e.InDoubt ||
		e.RequestID != "" {
		t.Errorf("a 503 to a completion: %+v", e)
	}
	u.check(u.complete())
}

// A Bucket's conditional write of several parts tells the truth about a lost final answer.
func TestSessionLostCompletionOfBucket(t *testing.T) {
	f, h := startHooked(t)
	b := storage.New(f.open(t), &storage.Options{PartSize: 2 * chunk})
	data := bytes.Repeat([]byte("0123456789"), 3*chunk/10)
	h.once(func(r *http.Request) bool {
		return strings.HasSuffix(r.Header.Get("Content-Range"), fmt.Sprint("/", len(data)))
	}, lose)
	o, err := b.Put(t.Context(), "k", bytes.NewReader(data), &storage.PutOptions{IfAbsent: true})
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	if now, err := b.Stat(t.Context(), "k", nil); err != nil || now.ETag != o.ETag {
		t.Errorf("Stat = %+v, %v; Put gave %s", now, err, o.ETag)
	}
	_, err = b.Put(t.Context(), "k", bytes.NewReader(data), &storage.PutOptions{IfAbsent: true})
	if !errors.Is(err, storage.ErrExist) {
		t.Errorf("Put again: %v, want %v", err, storage.ErrExist)
	}
}

// A condition that the service refuses when the session begins is the answer of CompleteUpload, and
// nothing is sent in vain.
func TestSessionRefusedAtStart(t *testing.T) {
	f, h := startHooked(t)
	s := f.open(t)
	h.once(always, say(http.StatusPreconditionFailed, nil,
		`{"error":{"code":412,"errors":[{"reason":"conditionNotMet"}]}}`))
	u := beginSession(t, s, 2*chunk)
	u.mustPart(0, 2*chunk)
	_, err := u.complete()
	wantKind(t, "CompleteUpload", err, storage.ErrExist)
	if err := s.AbortUpload(t.Context(), "k", u.id); err != nil {
		t.Errorf("AbortUpload: %v", err)
	}
	if diff := cmp.Diff([]string{"POST"}, h.take()); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
}

// What is not a generation matches nothing, and nobody is asked.
func TestSessionOfMalformedMatch(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 10)
	h.take()
	u.opts = &storage.PutOptions{IfMatch: "0"}
	var err error
	if u.id, err = u.s.CreateUpload(t.Context(), "k", u.opts); err != nil {
		t.Fatal(err)
	}
	u.mustPart(0, 10)
	_, err = u.complete()
	wantKind(t, "CompleteUpload", err, storage.ErrPrecondition)
	if seen := h.take(); len(seen) > 0 {
		t.Errorf("requests: %q", seen)
	}
}

// A session that expired, or lost what it had, is gone.
func TestSessionGone(t *testing.T) {
	for name, answer := range map[string]func(*http.Request, http.RoundTripper) (*http.Response,
		error){
		"gone":      say(http.StatusGone, nil, ""),
		"not found": say(http.StatusNotFound, nil, "Not Found"),
	} {
		t.Run(name, func(t *testing.T) {
			f, h := startHooked(t)
			u := beginSession(t, f.open(t), chunk+5)
			u.mustPart(0, len(u.data))
			h.once(isChunk, answer)
			_, err := u.complete()
			wantKind(t, "CompleteUpload", err, storage.ErrNotExist)
			_, err = u.s.ListPartsPage(t.Context(), "k", u.id, &storage.ListPartsOptions{})
			wantKind(t, "ListPartsPage", err, storage.ErrNotExist)
		})
	}
	t.Run("forgetful", func(t *testing.T) {
		f, h := startHooked(t)
		u := beginSession(t, f.open(t), 3*chunk)
		u.mustPart(0, chunk)
		h.once(isChunk, lose)
		wantKind(t, "PutPart", u.part(chunk, 3*chunk), storage.ErrUnavailable)
		h.once(always, say(http.StatusPermanentRedirect, nil, "")) // has nothing
		wantKind(t, "PutPart", u.part(chunk, 3*chunk), storage.ErrNotExist)
	})
}

// A session belongs to one Store: another, or the one of a restarted process, does not know it.
func TestSessionOfAnotherStore(t *testing.T) {
	f, _ := startHooked(t)
	u := beginSession(t, f.open(t), 10)
	u.s = f.open(t)
	wantKind(t, "PutPart", u.part(0, 10), storage.ErrNotExist)
	if err := u.s.AbortUpload(t.Context(), "k", u.id); err != nil {
		t.Errorf("AbortUpload: %v", err)
	}
}

func TestSessionAbort(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), chunk+1)
	u.mustPart(0, len(u.data))
	h.once(always, say(http.StatusServiceUnavailable, nil, ""))
	wantKind(t, "AbortUpload", u.s.AbortUpload(t.Context(), "k", u.id), storage.ErrUnavailable)
	if held := u.s.sessions.open[u.id]; held == nil || held.tail != nil || held.parts != nil {
		t.Errorf("after an abort that failed the session is %+v", held)
	}
	_, err := u.complete()
	wantKind(t, "CompleteUpload after an abort that failed", err, storage.ErrInvalid)
	for range 2 {
		if err := u.s.AbortUpload(t.Context(), "k", u.id); err != nil {
			t.Errorf("AbortUpload: %v", err)
		}
	}
	_, err = u.complete()
	wantKind(t, "CompleteUpload", err, storage.ErrNotExist)
	if _, err := u.s.Stat(t.Context(), "k", &storage.StatOptions{}); !errors.Is(err,
		storage.ErrNotExist) {
		t.Errorf("Stat: %v, want %v", err, storage.ErrNotExist)
	}
}

// Parts go up in order and in multiples of 256 KiB; one that the service has is not replaced.
func TestSessionOrder(t *testing.T) {
	f, _ := startHooked(t)
	s := f.open(t)
	ctx, body := t.Context(), bytes.NewReader(make([]byte, 2*chunk))
	put := func(id string, number int, size, offset int64, last bool) error {
		_, err := s.PutPart(ctx, "k", id, number, io.NewSectionReader(body, 0, size), size,
			&storage.PartOptions{Offset: offset, Last: last})
		return err
	}
	u := beginSession(t, s, 4*chunk)
	wantKind(t, "part 2 first", put(u.id, 2, chunk, chunk, false), storage.ErrInvalid)
	wantKind(t, "a part with a gap", put(u.id, 1, chunk, chunk, false), storage.ErrInvalid)
	wantKind(t, "an odd part", put(u.id, 1, chunk+1, 0, false), storage.ErrInvalid)
	u.mustPart(0, chunk)
	wantKind(t, "another part 1", put(u.id, 1, chunk, 0, false), errors.ErrUnsupported)
	u.parts = nil
	u.mustPart(0, chunk) // the same again is no request
	_, err := s.CompleteUpload(ctx, "k", u.id, nil, u.opts)
	wantKind(t, "CompleteUpload without the parts", err, storage.ErrInvalid)
}

// The key to a session is in no error.
func TestSessionSecret(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), chunk)
	target := u.s.sessions.open[u.id].target
	_, secret, _ := strings.Cut(target, "upload_id=")
	if secret == "" {
		t.Fatalf("the session is at %q", target)
	}
	for _, answer := range []func(*http.Request, http.RoundTripper) (*http.Response, error){
		say(http.StatusServiceUnavailable, http.Header{"X-Guploader-Uploadid": {secret}}, ""), lose,
	} {
		h.once(always, answer)
		err := u.part(0, chunk)
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil ||
			strings.Contains(text, secret) {
			t.Errorf("PutPart: %s", text)
		}
	}
	if strings.Contains(u.id, secret) {
		t.Error("the upload's ID has it")
	}
}

// A cancelled part is the context's error, and the session can be gone on with.
func TestSessionCancelled(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk)
	ctx, cancel := context.WithCancel(t.Context())
	h.once(isChunk, func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		r.Body.Close()
		cancel()
		return nil, r.Context().Err()
	})
	_, err := u.s.PutPart(ctx, "k", u.id, 1, bytes.NewReader(u.data), int64(len(u.data)),
		&storage.PartOptions{Last: true})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("PutPart: %v, want %v", err, context.Canceled)
	}
	u.mustPart(0, 2*chunk)
	u.check(u.complete())
}

// The parts of a session are listed from what the Store knows.
func TestSessionParts(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk+7)
	u.mustPart(0, chunk)
	u.mustPart(chunk, 2*chunk)
	u.mustPart(2*chunk, len(u.data))
	h.take()
	opts := &storage.ListPartsOptions{PageSize: 2}
	var got []*storage.Part
	for {
		page, err := u.s.ListPartsPage(t.Context(), "k", u.id, opts)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Parts...)
		if opts.PageToken = page.NextToken; opts.PageToken == "" {
			break
		}
	}
	if diff := cmp.Diff(u.parts, got); diff != "" {
		t.Errorf("parts: -want +got\n%s", diff)
	}
	if seen := h.take(); len(seen) > 0 {
		t.Errorf("requests: %q", seen)
	}
	_, err := u.s.ListPartsPage(t.Context(), "k", u.id, &storage.ListPartsOptions{PageToken: "x"})
	wantKind(t, "a token that is none", err, storage.ErrInvalid)
}

// A session's URI is taken for its path alone: the token goes to no other host.
func TestSessionTarget(t *testing.T) {
	for location, want := range map[string]string{
		"https://elsewhere.example/upload/storage/v1/b/x/o?upload_id=1": "/upload/storage/v1/b/x/o?upload_id=1",
		"/o?upload_id=1": "/o?upload_id=1",
		"":               "", "https://elsewhere.example": "", "http://[": "",
		"https://elsewhere.example/o": "",
	} {
		if got := sessionTarget(location); got != want {
			t.Errorf("sessionTarget(%q) = %q, want %q", location, got, want)
		}
	}
}

func TestParseKept(t *testing.T) {
	for v, want := range map[string]int64{"": 0, "bytes=0-0": 1, "bytes=0-262143": 262144} {
		if got, err := parseKept(v); got != want || err != nil {
			t.Errorf("parseKept(%q) = %d, %v; want %d", v, got, err, want)
		}
	}
	for _, v := range []string{"bytes=1-2", "0-5", "bytes=0-", "bytes=0--1",
		"bytes=0-99999999999999999999"} {
		if got, err := parseKept(v); err == nil {
			t.Errorf("parseKept(%q) = %d", v, got)
		}
	}
}

// The URI of a session is the key to it: it is nowhere in the tree of an error.
func TestSessionURIIsSecret(t *testing.T) {
	const secret = "upload_id=secret"
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost {
			return nil, io.ErrUnexpectedEOF
		}
		w := httptest.NewRecorder()
		w.Header().Set("Location", "http://127.0.0.1:1/upload/storage/v1/b/bucket/o?"+secret)
		return w.Result(), nil
	})
	s := mustNew(t, "bucket", &Options{Endpoint: "http://127.0.0.1:1", Anonymous: true,
		HTTPClient: &http.Client{Transport: transport}})
	opts := &storage.PutOptions{IfAbsent: true}
	id, err := s.CreateUpload(t.Context(), "k", opts)
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Repeat("x", chunk)
	// In this order: a session that was ended takes no part.
	for _, call := range []func() error{
		func() error {
			_, err := s.PutPart(t.Context(), "k", id, 1, strings.NewReader(part), chunk,
				&storage.PartOptions{Last: true})
			return err
		},
		func() error { return s.AbortUpload(t.Context(), "k", id) },
	} {
		err := call()
		wantKind(t, "call", err, storage.ErrUnavailable)
		var said *url.Error
		if errors.As(err, &said) || err != nil && strings.Contains(err.Error(), secret) {
			t.Error(err)
		}
	}
}
