package gcs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/gcsfake"
)

// Every small operation is one request.
func TestOneRequest(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	ctx := t.Context()
	var o *storage.Object
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"Put", func() (err error) {
			o, err = s.Put(ctx, "k", strings.NewReader("content"), 7,
				&storage.PutOptions{IfAbsent: true})
			return err
		}},
		{"Get",
			func() error { _, now := read(t, s, "k", storage.GetOptions{}); o = now; return nil }},
		{"Get of a suffix",
			func() error { read(t, s, "k", storage.GetOptions{Offset: -3}); return nil }},
		{"Stat", func() error { _, err := s.Stat(ctx, "k", &storage.StatOptions{}); return err }},
		{"ListPage",
			func() error { _, err := s.ListPage(ctx, &storage.ListOptions{}); return err }},
		{"Copy",
			func() error { _, err := s.Copy(ctx, "l", "k", &storage.CopyOptions{}); return err }},
		{"Delete", func() error {
			return s.Delete(ctx, "k",
				&storage.DeleteOptions{IfMatch: o.ETag})
		}},
		{"DeleteBatch", func() error {
			_, err := s.DeleteBatch(ctx, []string{"k", "l"}, &storage.DeleteBatchOptions{})
			return err
		}},
	} {
		before := f.requests.Load()
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if n := f.requests.Load() - before; n != 1 {
			t.Errorf("%s: %d requests, want 1", step.name, n)
		}
	}
}

// A write of 4 KiB allocates less than 64 KiB: the SDK's default is 16 MiB.
func TestSmallPutAllocates(t *testing.T) {
	s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"name":"k","generation":"7","size":"4096"}`)
	})
	content := make([]byte, 4<<10)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Put(context.Background(), "k", bytes.NewReader(content), 4<<10,
				&storage.PutOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	limit := int64(64 << 10)
	if racing {
		limit *= 2
	}
	// The stub's share is in it.
	if n := result.AllocedBytesPerOp(); n == 0 || n > limit {
		t.Errorf("%d bytes for a write of 4 KiB, at most %d", n, limit)
	} else {
		t.Logf("%d bytes, %d allocations", n, result.AllocsPerOp())
	}
}

// What is not a generation matches nothing: a write is not sent, in particular not with the 0 that
// would create.
func TestMalformedMatch(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	ctx := t.Context()
	put(t, s, "k", "content", storage.PutOptions{})
	for _, token := range []string{`"0"`, `"00"`, `"-1"`, `"+5"`, "5", `"5 "`, `"1e3"`,
		`"99999999999999999999"`, storage.ETagNone} {
		before := f.requests.Load()
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{IfMatch: token})
		wantKind(t, "Put "+token, err, storage.ErrPrecondition)
		wantKind(t, "Delete "+token, s.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: token}),
			storage.ErrPrecondition)
		_, err = s.Copy(ctx, "l", "k", &storage.CopyOptions{IfMatch: token})
		wantKind(t, "Copy "+token, err, storage.ErrPrecondition)
		_, err = s.Copy(ctx, "l", "k", &storage.CopyOptions{SourceIfMatch: token})
		wantKind(t, "Copy from "+token, err, storage.ErrPrecondition)
		if n := f.requests.Load() - before; n != 0 {
			t.Errorf("IfMatch %q: %d requests", token, n)
		}
		_, err = s.Stat(ctx, "k", &storage.StatOptions{IfMatch: token})
		wantKind(t, "Stat "+token, err, storage.ErrPrecondition)
		_, err = s.Get(ctx, "missing", &storage.GetOptions{IfMatch: token})
		wantKind(t, "Get of a missing object "+token, err, storage.ErrNotExist)
		if got, _ := read(t, s, "k", storage.GetOptions{IfNoneMatch: token}); got != "content" {
			t.Errorf("Get with IfNoneMatch %q = %q", token, got)
		}
	}
}

// A range of another version is a refused condition, also where that version has no such range.
func TestPinnedRangeOfShorterObject(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	old := put(t, s, "k", "a long content", storage.PutOptions{})
	put(t, s, "k", "short", storage.PutOptions{})
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{Offset: 9, IfMatch: old.ETag})
	wantKind(t, "Get", err, storage.ErrPrecondition)
}

// An unchanged object is ErrNotModified although the XML API has no such condition, and the
// connection is good for another request.
func TestNotModified(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	o := put(t, s, "k", "content", storage.PutOptions{})
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{IfNoneMatch: o.ETag})
	wantKind(t, "Get", err, storage.ErrNotModified)
	_, err = s.Get(t.Context(), "k", &storage.GetOptions{IfModifiedSince: o.ModTime})
	wantKind(t, "Get", err, storage.ErrNotModified)
	_, err = s.Stat(t.Context(), "k", &storage.StatOptions{IfNoneMatch: o.ETag})
	wantKind(t, "Stat", err, storage.ErrNotModified)
	if got, _ := read(t, s, "k",
		storage.GetOptions{IfModifiedSince: o.ModTime.Add(-time.Second)}); got != "content" {
		t.Errorf("Get = %q", got)
	}
}

// What is stored with Content-Encoding gzip comes back as it is stored, whole and in ranges.
func TestGzip(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, strings.Repeat("gzip me ", 100))
	z.Close()
	put(t, s, "k", packed.String(), storage.PutOptions{ContentEncoding: "gzip",
		ContentType: "text/plain"})
	got, o := read(t, s, "k", storage.GetOptions{})
	if got != packed.String() || o.Size != int64(packed.Len()) || o.ContentEncoding != "gzip" {
		t.Errorf("Get = %d bytes, %+v", len(got), o)
	}
	if got, _ := read(t, s, "k",
		storage.GetOptions{Offset: 5, Length: 7}); got != packed.String()[5:12] {
		t.Errorf("Get of a range = %q", got)
	}
}

// A service that changes the bytes on the way is noticed.
func TestTranscoded(t *testing.T) {
	s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Goog-Stored-Content-Encoding", "gzip")
		w.Header().Set("X-Goog-Generation", "7")
		io.WriteString(w, "unpacked")
	})
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{})
	wantKind(t, "Get", err, storage.ErrIntegrity)
}

// A body that breaks off is ErrUnavailable, and a Bucket goes on where it broke, at the same
// generation.
func TestBrokenBody(t *testing.T) {
	f, h := startHooked(t)
	s := f.open(t)
	put(t, s, "k", "0123456789", storage.PutOptions{})
	cut := func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			resp.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(resp.Body, 4), broken{}), resp.Body}
		}
		return resp, err
	}
	h.once(always, cut)
	r, err := s.Get(t.Context(), "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r.Body)
	r.Body.Close()
	if wantKind(t, "Read", err, storage.ErrUnavailable); string(got) != "0123" {
		t.Errorf("read %q", got)
	}
	h.once(always, cut)
	if got, err := storage.New(s, nil).ReadAll(t.Context(), "k", nil); err != nil ||
		string(got) != "0123456789" {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errLost }

// A copy takes as many calls as the service wants, also into another class, with everything the
// source has.
func TestCopyInCalls(t *testing.T) {
	f := startFake(t, gcsfake.Options{RewriteLimit: 1 << 20})
	s := f.open(t)
	content := strings.Repeat("0123456789abcdef", 5<<20/16)
	put(t, s, "k", content, storage.PutOptions{ContentType: "text/x", CacheControl: "no-store",
		Metadata: map[string]string{"a": "ü"}})
	for name, opts := range map[string]*storage.CopyOptions{
		"plain": {},
		"class": {StorageClass: "COLDLINE"},
		"replace": {Replace: true, ContentType: "text/y", StorageClass: "COLDLINE",
			Metadata: map[string]string{"b": "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			for o := *opts; ; calls++ {
				r, err := s.Copy(t.Context(), name, "k", &o)
				if err != nil {
					t.Fatalf("call %d: %v", calls, err)
				}
				if o.Token = r.Token; o.Token == "" {
					break
				}
			}
			if calls == 0 {
				t.Error("one call did it all")
			}
			got, o := read(t, s, name, storage.GetOptions{})
			want := &storage.Object{ContentType: "text/x", CacheControl: "no-store",
				Metadata: map[string]string{"a": "ü"}, StorageClass: "STANDARD"}
			if opts.StorageClass != "" {
				want.StorageClass = "COLDLINE"
			}
			if opts.Replace {
				want.ContentType, want.CacheControl, want.Metadata = "text/y", "", opts.Metadata
			}
			have := &storage.Object{ContentType: o.ContentType, CacheControl: o.CacheControl,
				Metadata: o.Metadata, StorageClass: o.StorageClass}
			if diff := cmp.Diff(want, have); diff != "" || got != content {
				t.Errorf("the copy has %d bytes of %d; -want +got\n%s", len(got), len(content),
					diff)
			}
		})
	}
}

// A Replace without anything replaces all the same: an empty resource would mean "as the source".
func TestCopyReplaceByNothing(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{ContentType: "text/x",
		Metadata: map[string]string{"a": "1"}})
	if _, err := s.Copy(t.Context(), "l", "k", &storage.CopyOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	o, err := s.Stat(t.Context(), "l", &storage.StatOptions{})
	if err != nil || o.ContentType != defaultType || o.Metadata != nil {
		t.Errorf("Stat = %+v, %v", o, err)
	}
}

// An XML multipart upload whose completion does not tell the generation: the object's own is looked
// up. Another writer's is not taken, nor one with our bytes, which a change of metadata makes.
func TestCompleteWithoutGeneration(t *testing.T) {
	ours := map[string]string{"write": "ours"}
	for name, other := range map[string]func(t *testing.T, s *Store){
		"no other writer": nil,
		"other bytes": func(t *testing.T, s *Store) {
			put(t, s, "k", "another", storage.PutOptions{Metadata: ours})
		},
		"other metadata": func(t *testing.T, s *Store) {
			put(t, s, "k", "content", storage.PutOptions{
				Metadata: map[string]string{"write": "another's"},
			})
		},
		"another header": func(t *testing.T, s *Store) {
			put(t, s, "k", "content", storage.PutOptions{
				Metadata: ours, ContentType: "text/plain",
			})
		},
	} {
		f, h := startHooked(t)
		s := f.open(t)
		opts := &storage.PutOptions{Metadata: ours, ContentType: "text/html"}
		id, err := s.CreateUpload(t.Context(), "k", opts)
		if err != nil {
			t.Fatal(err)
		}
		part, err := s.PutPart(t.Context(), "k", id, 1, strings.NewReader("content"), 7,
			&storage.PartOptions{Last: true})
		if err != nil {
			t.Fatal(err)
		}
		h.once(always, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				resp.Header.Del("X-Goog-Generation")
			}
			if other != nil {
				other(t, s)
			}
			return resp, err
		})
		o, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{part}, opts)
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
		want := now.ETag
		if other != nil {
			want = storage.ETagNone
		}
		if err != nil || o.ETag != want {
			t.Errorf("%s: CompleteUpload gave %s, want %s", name, o.ETag, want)
		}
	}
}

// A part that arrived otherwise than it was sent never gets into an object.
func TestPartDamaged(t *testing.T) {
	f, h := startHooked(t)
	s := f.open(t)
	id, err := s.CreateUpload(t.Context(), "k", &storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.once(always, say(http.StatusOK, http.Header{"Etag": {`"x"`},
		"X-Goog-Hash": {"crc32c=AAAAAA=="}}, ""))
	_, err = s.PutPart(t.Context(), "k", id, 1, strings.NewReader("content"), 7,
		&storage.PartOptions{Last: true})
	wantKind(t, "PutPart", err, storage.ErrIntegrity)
}

// IAM signs for credentials without a key.
func TestSignByIAM(t *testing.T) {
	f, h := startHooked(t)
	f.options.PrivateKey = nil
	s := f.open(t)
	put(t, s, "a b+c", "content", storage.PutOptions{})
	var asked *http.Request
	h.once(func(r *http.Request) bool { return r.URL.Host == "iamcredentials.googleapis.com" },
		func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			asked = r
			b, _ := io.ReadAll(r.Body)
			_, encoded, _ := strings.Cut(string(b), `"payload":"`)
			payload, err := base64.StdEncoding.DecodeString(strings.TrimRight(encoded, `"}`))
			if err != nil {
				return nil, err
			}
			sum, err := signKey(signerKey(), payload)
			if err != nil {
				return nil, err
			}
			return say(http.StatusOK, nil, fmt.Sprintf(`{"keyId":"1","signedBlob":%q}`,
				base64.StdEncoding.EncodeToString(sum)))(r, next)
		})
	u, err := s.SignURL(t.Context(), "a b+c", &storage.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "/v1/projects/-/serviceAccounts/" + signerName +
		":signBlob"; asked.URL.Path != want || asked.Header.Get("Authorization") != "Bearer good" {
		t.Errorf("asked %s with %q", asked.URL.Path, asked.Header.Get("Authorization"))
	}
	resp, err := followed(t, u)
	if err != nil || resp != "content" {
		t.Errorf("GET of the signed URL = %q, %v", resp, err)
	}
	h.once(always, say(http.StatusForbidden, nil,
		`{"error":{"code":403,"message":"Permission 'iam.serviceAccounts.signBlob' denied","status":"PERMISSION_DENIED"}}`))
	_, err = s.SignURL(t.Context(), "k", &storage.SignOptions{})
	if e := wantKind(t, "SignURL", err, storage.ErrPermission); e.Code != "PERMISSION_DENIED" ||
		!strings.Contains(err.Error(), "signBlob") {
		t.Errorf("SignURL: %v", err)
	}
}

func followed(t *testing.T, u *storage.SignedURL) (string, error) {
	transport := httpdriver.NewTransport(nil)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), u.Method, u.URL, nil)
	if err != nil {
		return "", err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, b)
	}
	return string(b), err
}

// The SDK's client talks to the same endpoint, with the same credentials, in both APIs.
func TestClient(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{})
	o := s.Client().Bucket(f.bucket).Object("k")
	if a, err := o.Attrs(t.Context()); err != nil || a.Size != 7 {
		t.Errorf("Attrs = %+v, %v", a, err)
	}
	r, err := o.NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != "content" {
		t.Errorf("read %q, %v", b, err)
	}
}

// A whole round under the credentials that the service does not know, or knows and refuses: never
// "not found".
func TestRefusedCredentials(t *testing.T) {
	f := startFake(t, gcsfake.Options{Signers: map[string]*rsa.PublicKey{}})
	for _, token := range []string{"bad", "unknown"} {
		o := f.options
		o.Credentials = withToken(token)
		s := mustNew(t, f.bucket, &o)
		_, err := s.Stat(t.Context(), "missing", &storage.StatOptions{})
		wantKind(t, "Stat", err, storage.ErrPermission)
		_, err = s.Get(t.Context(), "missing", &storage.GetOptions{})
		wantKind(t, "Get", err, storage.ErrPermission)
		wantKind(t, "Delete", s.Delete(t.Context(), "missing", &storage.DeleteOptions{}),
			storage.ErrPermission)
		_, err = s.Put(t.Context(), "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		wantKind(t, "Put", err, storage.ErrPermission)
	}
}

// A missing bucket is named wherever the service tells.
func TestMissingBucket(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := mustNew(t, "no-such-bucket", &f.options)
	ctx := t.Context()
	_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{})
	wantKind(t, "Put", err, storage.ErrNoBucket)
	_, err = s.Get(ctx, "k", &storage.GetOptions{})
	wantKind(t, "Get", err, storage.ErrNoBucket)
	_, err = s.Stat(ctx, "k", &storage.StatOptions{})
	wantKind(t, "Stat", err, storage.ErrNotExist) // they differ in the text only
	_, err = s.ListPage(ctx, &storage.ListOptions{})
	wantKind(t, "ListPage", err, storage.ErrNoBucket)
	wantKind(t, "Delete", s.Delete(ctx, "k", &storage.DeleteOptions{}), storage.ErrNoBucket)
	_, err = s.DeleteBatch(ctx, []string{"k", "l"}, &storage.DeleteBatchOptions{})
	wantKind(t, "DeleteBatch", err, storage.ErrNoBucket)
	for _, o := range []*storage.PutOptions{{}, {IfAbsent: true}} {
		_, err = s.CreateUpload(ctx, "k", o)
		wantKind(t, "CreateUpload", err, storage.ErrNoBucket)
	}
	_, err = s.ListUploadsPage(ctx, &storage.ListOptions{})
	wantKind(t, "ListUploadsPage", err, storage.ErrNoBucket)
}

// Options that Cloud Storage cannot honour are refused, not left out; so is what it would not take.
func TestRefusedOptions(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	ctx, before := t.Context(), f.requests.Load()
	long := strings.Repeat("x", 257)
	refused := []*storage.PutOptions{{Metadata: map[string]string{"a": strings.Repeat("x",
		maxMetadata)}}, {Tags: make(map[string]string)}}
	for i := range 51 {
		refused[1].Tags[fmt.Sprint(i)] = "v"
	}
	for _, text := range []string{"", "-a", "a/b", `a\b`, `a"b`, "it's", long} {
		refused = append(refused, &storage.PutOptions{Tags: map[string]string{"a": text}},
			&storage.PutOptions{Tags: map[string]string{text: "a"}})
	}
	refused = append(refused, &storage.PutOptions{Tags: map[string]string{"google:a": "a"}})
	for _, o := range refused {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, o)
		wantKind(t, "Put", err, storage.ErrInvalid)
		_, err = s.CreateUpload(ctx, "k", o)
		wantKind(t, "CreateUpload", err, storage.ErrInvalid)
		_, err = s.Copy(ctx, "l", "k", &storage.CopyOptions{Replace: true, Metadata: o.Metadata,
			Tags: o.Tags})
		wantKind(t, "Copy", err, storage.ErrInvalid)
	}
	for _, key := range []string{".", "..", "a\nb", "a\rb", "a\x00b",
		".well-known/acme-challenge/x"} {
		_, err := s.Put(ctx, key, strings.NewReader("x"), 1, &storage.PutOptions{})
		wantKind(t, "Put", err, storage.ErrInvalidKey)
	}
	if n := f.requests.Load() - before; n != 0 {
		t.Errorf("%d requests", n)
	}
}
