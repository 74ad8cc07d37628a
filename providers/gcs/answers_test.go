package gcs

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/gcsfake"
)

const loginPage = "<html><head><title>Sign in</title></head><body>to the network</body></html>"

// calls make one request each.
var calls = map[string]func(context.Context, *Store) error{
	"Get": func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{})
		return err
	},
	"Stat": func(ctx context.Context, s *Store) error {
		_, err := s.Stat(ctx, "k", &storage.StatOptions{})
		return err
	},
	"ListPage": func(ctx context.Context, s *Store) error {
		_, err := s.ListPage(ctx, &storage.ListOptions{})
		return err
	},
	"Put": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		return err
	},
	"PutPart": func(ctx context.Context, s *Store) error {
		_, err := s.PutPart(ctx, "k", "mid", 1, strings.NewReader("x"), 1, &storage.PartOptions{})
		return err
	},
	"Delete": func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "k", &storage.DeleteOptions{})
	},
	"AbortUpload": func(ctx context.Context, s *Store) error {
		return s.AbortUpload(ctx, "k", "mid")
	},
	"Copy": func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "l", "k", &storage.CopyOptions{})
		return err
	},
	"CreateUpload": func(ctx context.Context, s *Store) error {
		_, err := s.CreateUpload(ctx, "k", &storage.PutOptions{})
		return err
	},
	"CreateUpload of a session": func(ctx context.Context, s *Store) error {
		_, err := s.CreateUpload(ctx, "k", &storage.PutOptions{IfAbsent: true})
		return err
	},
	"CompleteUpload": func(ctx context.Context, s *Store) error {
		parts := []*storage.Part{{Number: 1, Size: 1, ETag: `"x"`}}
		_, err := s.CompleteUpload(ctx, "k", "mid", parts, &storage.PutOptions{})
		return err
	},
	"ListPartsPage": func(ctx context.Context, s *Store) error {
		_, err := s.ListPartsPage(ctx, "k", "mid", &storage.ListPartsOptions{})
		return err
	},
	"ListUploadsPage": func(ctx context.Context, s *Store) error {
		_, err := s.ListUploadsPage(ctx, &storage.ListOptions{})
		return err
	},
	"DeleteBatch": func(ctx context.Context, s *Store) error {
		_, err := s.DeleteBatch(ctx, []string{"k"}, &storage.DeleteBatchOptions{})
		return err
	},
	"AbortUpload of a session": func(ctx context.Context, s *Store) error {
		u := &session{key: "k", target: "/upload?upload_id=1"}
		s.sessions.add(u)
		return s.AbortUpload(ctx, "k", u.id)
	},
}

func writes(call string) bool {
	return call != "Get" && call != "Stat" && !strings.HasPrefix(call, "List")
}

// A page that a proxy put in the service's place, with success, is no answer: nothing is taken for
// done, gone or empty.
func TestForeignPage(t *testing.T) {
	for name, page := range map[string]string{
		"a page for people": loginPage, "another document": "<Other/>", "nothing": "",
		"an error": `{"error":{"code":503,"message":"Backend Error"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, page) })
			for what, do := range calls {
				e := wantKind(t, what, do(t.Context(), s), storage.ErrUnavailable)
				if e.InDoubt != writes(what) {
					t.Errorf("%s: InDoubt %v", what, e.InDoubt)
				}
			}
		})
	}
}

// What a gateway puts off is not done, and what it has changed is not the object.
func TestForeignStatus(t *testing.T) {
	taken := map[string]bool{
		"Get 206": true, "Delete 204": true, "AbortUpload 204": true,
		"AbortUpload of a session 204":  true,
		"CreateUpload of a session 201": true, // as the XML API answers it
	}
	for _, status := range [...]int{201, 202, 203, 204, 205, 206, 207} {
		s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("ETag", `"1"`)
			h.Set("X-Goog-Generation", "1")
			h.Set("Content-Range", "bytes 0-0/1")
			h.Set("Location", "http://other/upload/storage/v1/b/bucket/o?upload_id=1")
			w.WriteHeader(status)
			switch q := r.URL.Query(); {
			case r.URL.Path == "/bucket/k" && r.Method == http.MethodGet && !q.Has("uploadId"):
				fmt.Fprint(w, "x")
			case q.Has("uploads") && r.Method == http.MethodPost:
				fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>id</UploadId>"+
					"</InitiateMultipartUploadResult>")
			case q.Has("uploads"):
				fmt.Fprint(w, "<ListMultipartUploadsResult></ListMultipartUploadsResult>")
			case q.Has("uploadId") && r.Method == http.MethodPost:
				fmt.Fprint(w, `<CompleteMultipartUploadResult><ETag>"1"</ETag>`+
					"</CompleteMultipartUploadResult>")
			case q.Has("uploadId"):
				fmt.Fprint(w, "<ListPartsResult></ListPartsResult>")
			case q.Has("delete"):
				fmt.Fprint(w, "<DeleteResult></DeleteResult>")
			default:
				fmt.Fprint(w, `{"name":"k","generation":"1","size":"1","done":true,`+
					`"resource":{"name":"k","generation":"1"}}`)
			}
		})
		for call, do := range calls {
			what := fmt.Sprint(call, " ", status)
			err := do(t.Context(), s)
			if taken[what] {
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				continue
			}
			if e := wantKind(t, what, err, storage.ErrUnavailable); e.InDoubt != writes(call) {
				t.Errorf("%s: InDoubt %v", what, e.InDoubt)
			}
		}
	}
}

// An error that comes with success, because the service began to answer too early, is an error.
func TestErrorWithSuccess(t *testing.T) {
	for code, kind := range map[string]error{"InternalError": storage.ErrUnavailable,
		"AccessDenied": storage.ErrPermission, "NoSuchBucket": storage.ErrNoBucket} {
		s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w,
				xmlErrorText(code))
		})
		_, err := s.CompleteUpload(t.Context(), "k", "mid", []*storage.Part{{Number: 1}},
			&storage.PutOptions{})
		if e := wantKind(t, "CompleteUpload", err, kind); e.Code != code ||
			e.InDoubt != (kind == storage.ErrUnavailable) {
			t.Errorf("CompleteUpload: %+v", e)
		}
		_, err = s.DeleteBatch(t.Context(), []string{"k"}, &storage.DeleteBatchOptions{})
		wantKind(t, "DeleteBatch", err, kind)
		_, err = s.ListUploadsPage(t.Context(), &storage.ListOptions{})
		wantKind(t, "ListUploadsPage", err, kind)
	}
}

// An object without a generation is none of Cloud Storage's: what it is cannot be said, and nothing
// can be pinned to it.
func TestAnswerWithoutGeneration(t *testing.T) {
	s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") })
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{})
	wantKind(t, "Get", err, storage.ErrUnavailable)
	_, err = s.Stat(t.Context(), "k", &storage.StatOptions{})
	wantKind(t, "Stat", err, storage.ErrUnavailable)
}

// A list that says it goes on, and not where, or where it was, is neither ended nor begun again.
func TestListWithoutProgress(t *testing.T) {
	for _, next := range []string{"", "7"} {
		s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("uploads") {
				fmt.Fprintf(w,
					"<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>%s</NextKeyMarker></ListMultipartUploadsResult>", next)
				return
			}
			fmt.Fprintf(w,
				"<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>%s</NextPartNumberMarker></ListPartsResult>", next)
		})
		token := ""
		if next != "" {
			token = driver.EncodeToken(next, "")
		}
		_, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{PageToken: token})
		wantKind(t, "ListUploadsPage", err, storage.ErrUnavailable)
		_, err = s.ListPartsPage(t.Context(), "k", "mid",
			&storage.ListPartsOptions{PageToken: next})
		wantKind(t, "ListPartsPage", err, storage.ErrUnavailable)
	}
}

// A session that somebody cancelled is gone.
func TestSessionCancelledElsewhere(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk)
	h.once(isChunk, say(cancelled, nil, ""))
	wantKind(t, "PutPart", u.part(0, 2*chunk), storage.ErrNotExist)
	_, err := u.complete()
	wantKind(t, "CompleteUpload", err, storage.ErrNotExist)
}

func TestSessionPartsOfAnySize(t *testing.T) {
	f, _ := startHooked(t)
	u := beginSession(t, f.open(t), 2*chunk)
	u.mustPart(0, chunk)
	u.mustPart(chunk, 2*chunk)
	page, err := u.s.ListPartsPage(t.Context(), "k", u.id,
		&storage.ListPartsOptions{PageSize: math.MaxInt, PageToken: "1"})
	if err != nil || len(page.Parts) != 1 || page.NextToken != "" {
		t.Errorf("ListPartsPage = %+v, %v", page, err)
	}
}

// Conditions go before ranges: what has not changed is "not modified" also where there is nothing
// in the range.
func TestConditionBeforeRange(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	o := put(t, s, "k", "content", storage.PutOptions{})
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{Offset: 100, IfNoneMatch: o.ETag})
	wantKind(t, "IfNoneMatch", err, storage.ErrNotModified)
	_, err = s.Get(t.Context(), "k", &storage.GetOptions{Offset: 100, IfMatch: storage.ETagNone})
	wantKind(t, "IfMatch", err, storage.ErrPrecondition)
	before := f.requests.Load()
	_, err = s.Get(t.Context(), "k", &storage.GetOptions{Offset: 100, IfMatch: o.ETag})
	wantKind(t, "a range", err, storage.ErrRange)
	if n := f.requests.Load() - before; n != 1 {
		t.Errorf("%d requests for a range behind the end", n)
	}
}

// A signed URL is good until Expires, and not up to a second less.
func TestSignedUntil(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	signed, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Expires: 90*time.Second +
		900*time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse("20060102T150405Z", u.Query().Get("X-Goog-Date"))
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.Atoi(u.Query().Get("X-Goog-Expires"))
	if want := at.Add(time.Duration(seconds) * time.Second); err != nil ||
		!signed.Expires.Equal(want) {
		t.Errorf("Expires %v, and the signature says %v (%v)", signed.Expires, want, err)
	}
}

// The environment's emulator is nobody's business where the options name an endpoint and
// credentials.
func TestEndpointOverEmulator(t *testing.T) {
	cleanEnvironment(t)
	f := startFake(t, gcsfake.Options{})
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1")
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{})
	o := s.Client().Bucket(f.bucket).Object("k")
	if _, err := o.Attrs(t.Context()); err != nil {
		t.Errorf("Attrs by the SDK: %v", err)
	}
	r, err := o.NewReader(t.Context())
	if err != nil {
		t.Fatalf("NewReader of the SDK: %v", err)
	}
	r.Close()
}

func TestBadUniverse(t *testing.T) {
	cleanEnvironment(t)
	for _, domain := range []string{"a b", "user:secret@host", "host/path", "host?q", "["} {
		_, err := New(t.Context(), "bucket", &Options{Anonymous: true, UniverseDomain: domain})
		if wantKind(t, domain, err, storage.ErrInvalid); strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

func FuzzParseKept(f *testing.F) {
	for _, v := range []string{"", "bytes=0-0", "bytes=0-4611686018427387903", "bytes=0--1",
		"0-5"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if n, err := parseKept(v); n < 0 || err != nil && n != 0 {
			t.Errorf("parseKept(%q) = %d, %v", v, n, err)
		}
	})
}

func FuzzHeaderSums(f *testing.F) {
	for _, v := range []string{"", "crc32c=AAAAAA==",
		"crc32c=AAAAAA==,md5=AAAAAAAAAAAAAAAAAAAAAA==", "md5=x", "crc32c", "=,="} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		c := headerSums(http.Header{hashHeader: {v}})
		if n, m := len(c.CRC32C), len(c.MD5); n != 0 && n != 4 || m != 0 && m != 16 {
			t.Errorf("headerSums(%q) = %+v", v, c)
		}
	})
}
