package s3

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/stub"
)

const content = "some content"

// A stub, to see the headers. Plain HTTP to another machine: one pass for all hashes and one to
// send; TLS, and where nobody is in between: no SHA-256 at all, and no pass where the caller has
// the sum.
func TestPutOnTheWire(t *testing.T) {
	sum := sha256.Sum256([]byte(content))
	crc := base64.StdEncoding.EncodeToString(beSum(crc32.Checksum([]byte(content),
		crc32.MakeTable(crc32.Castagnoli))))
	given := storage.Checksums{CRC32C: beSum(crc32.Checksum([]byte(content),
		crc32.MakeTable(crc32.Castagnoli)))}
	for _, c := range []struct {
		name    string
		start   func(*testing.T, stub.Answer) *server
		far     bool
		sums    storage.Checksums
		payload string
		passes  int
	}{
		{"http", newStub, true, storage.Checksums{}, hex.EncodeToString(sum[:]), 2},
		{"http on this machine", newStub, false, storage.Checksums{}, "UNSIGNED-PAYLOAD", 2},
		{"https", newTLSStub, true, storage.Checksums{}, "UNSIGNED-PAYLOAD", 2},
		{"https with a sum", newTLSStub, true, given, "UNSIGNED-PAYLOAD", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := c.start(t, answerOK)
			s := srv.store(t)
			s.loopback = !c.far
			for _, part := range []bool{false, true} {
				body, passes := newOnlyReads(content), c.passes
				var err error
				if part {
					_, err = s.PutPart(t.Context(), "k", "id", 1, body, int64(len(content)),
						&storage.PartOptions{})
					passes = 2 // a part has no sums of the caller's
				} else {
					_, err = s.Put(t.Context(), "k", body, int64(len(content)),
						&storage.PutOptions{Checksums: c.sums})
				}
				if err != nil {
					t.Fatal(err)
				}
				r := srv.One(t)
				if body.n != passes*len(content) {
					t.Errorf("part %v: %d bytes were read of a body of %d, want %d passes", part,
						body.n, len(content), passes)
				}
				if got := r.Header.Get("X-Amz-Content-Sha256"); got != c.payload {
					t.Errorf("part %v: payload hash %s, want %s", part, got, c.payload)
				}
				if got := r.Header.Get("X-Amz-Checksum-Crc32c"); got != crc {
					t.Errorf("part %v: CRC32C %s, want %s", part, got, crc)
				}
				if string(r.Body) != content || r.ContentLength != int64(len(content)) ||
					r.TransferEncoding != nil {
					t.Errorf("part %v: body %q of length %d, %v", part, r.Body, r.ContentLength,
						r.TransferEncoding)
				}
				for name := range r.Header {
					if slices.Contains([]string{"Content-Encoding", "X-Amz-Trailer",
						"X-Amz-Decoded-Content-Length", "X-Amz-Sdk-Checksum-Algorithm",
						"Content-Md5"}, name) {
						t.Errorf("part %v: header %s", part, name)
					}
				}
			}
		})
	}
}

func beSum(v uint32) []byte { return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)} }

// A stub, because an unknown service is what it stands for: it is sent nothing newer than
// Content-MD5.
func TestContentMD5OnTheWire(t *testing.T) {
	for _, p := range profiles {
		if p.name == "aws" || p.name == "minio" || p.name == "versitygw" {
			continue
		}
		t.Run(p.name, func(t *testing.T) { contentMD5OnTheWire(t, p.name) })
	}
}

func contentMD5OnTheWire(t *testing.T, provider string) {
	srv := newStub(t, answerOK)
	s := srv.provider(t, provider)
	srv.Seen() // what New asked
	sum := md5.Sum([]byte(content))
	want := base64.StdEncoding.EncodeToString(sum[:])
	if _, err := s.Put(t.Context(), "k", strings.NewReader(content), int64(len(content)),
		&storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutPart(t.Context(), "k", "id", 1, strings.NewReader(content),
		int64(len(content)), &storage.PartOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range srv.Seen() {
		if got := r.Header.Get("Content-Md5"); got != want {
			t.Errorf("%s: Content-MD5 %q, want %q", r.URL, got, want)
		}
		noChecksumHeaders(t, r)
	}
	if _, err := s.CreateUpload(t.Context(), "k", &storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	noChecksumHeaders(t, srv.One(t))
	if _, err := s.DeleteBatch(t.Context(), []string{"a", "b"}, nil); err != nil {
		t.Fatal(err)
	}
	r := srv.One(t)
	sum = md5.Sum(r.Body)
	if got := r.Header.Get("Content-Md5"); got != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("DeleteObjects with Content-MD5 %q", got)
	}
	noChecksumHeaders(t, r)
}

// A stub, to see that nothing is sent.
func TestGenericConditions(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.provider(t, "generic")
	for _, call := range []string{"Copy if absent", "Copy if match", "Delete if match"} {
		if err := calls[call](t.Context(), s); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want errors.ErrUnsupported", call, err)
		}
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests for what is unsupported", n)
	}
}

func noChecksumHeaders(t *testing.T, r *stub.Request) {
	t.Helper()
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Checksum") ||
			strings.HasPrefix(name, "X-Amz-Sdk-Checksum") || name == "X-Amz-Trailer" {
			t.Errorf("%s %s: header %s", r.Method, r.URL, name)
		}
	}
}

// A stub, because the servers at hand ignore the conditions on a copy's destination: AWS is sent
// them.
func TestConditionsOnTheWire(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for call, want := range map[string][2]string{
		"Put if absent": {"*", ""}, "Put if match": {"", `"e"`}, "Complete if absent": {"*", ""},
		"Complete if match": {"", `"e"`},
		"Copy if absent":    {"*", ""}, "Copy if match": {"", `"e"`}, "Delete if match": {"",
			`"e"`}, "Put": {"", ""}, "Get": {"", ""},
	} {
		if err := calls[call](t.Context(), s); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		r := srv.One(t)
		if got := [2]string{r.Header.Get("If-None-Match"), r.Header.Get("If-Match")}; got != want {
			t.Errorf("%s: If-None-Match, If-Match %q, want %q", call, got, want)
		}
	}
	for _, provider := range []string{"minio", "versitygw"} {
		s := srv.provider(t, provider)
		if err := calls["Copy if absent"](t.Context(), s); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Copy if absent on %s: %v", provider, err)
		}
		if err := calls["Delete if match"](t.Context(), s); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Delete if match on %s: %v", provider, err)
		}
		if n := len(srv.Seen()); n != 0 {
			t.Errorf("%s: %d requests", provider, n)
		}
	}
}

// A stub, because it gives ETags in the forms of some services and proxies: without quotes in XML,
// weak, empty. Whatever comes back is what conditions take, and one and the same on every way.
func TestETagForms(t *testing.T) {
	for given, want := range map[string]string{
		`"e"`: `"e"`, "e": `"e"`, `W/"e"`: `"e"`, `""`: storage.ETagNone, "": storage.ETagNone,
		`a"b`: storage.ETagNone, "e-2": `"e-2"`,
	} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
				io.WriteString(w, "<ListBucketResult><Contents><Key>k</Key><ETag>"+given+
					"</ETag></Contents></ListBucketResult>")
				return
			}
			w.Header().Set("ETag", given)
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Header().Set("Content-Length", "0")
		})
		s := srv.store(t)
		got := make(map[string]string)
		o, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got["Stat"] = o.ETag
		page, err := s.ListPage(t.Context(), &storage.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got["List"] = page.Objects[0].ETag
		if given != "" { // a Put without any is none
			if o, err = s.Put(t.Context(), "k", strings.NewReader(""), 0,
				&storage.PutOptions{}); err != nil {
				t.Fatal(err)
			}
			got["Put"] = o.ETag
			p, err := s.PutPart(t.Context(), "k", "id", 1, strings.NewReader(""), 0,
				&storage.PartOptions{Last: true})
			if err != nil || p.ETag != given { // which goes back as it is
				t.Errorf("PutPart answered ETag %s: %+v, %v", given, p, err)
			}
		}
		for call, etag := range got {
			if etag != want {
				t.Errorf("%s answered ETag %s: %s, want %s", call, given, etag, want)
			}
		}
	}
}

// A stub, to see that If-None-Match makes If-Modified-Since void (RFC 9110, section 13.1.3), also
// where the token is none of S3's.
func TestReadConditionsOnTheWire(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Content-Length", "0")
		if r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
		}
	})
	s := srv.store(t)
	for token, want := range map[string]error{"": storage.ErrNotModified, `"other"`: nil,
		"none of S3's": nil} {
		_, err := s.Stat(t.Context(), "k", &storage.StatOptions{IfNoneMatch: token,
			IfModifiedSince: time.Now()})
		r, err2 := s.Get(t.Context(), "k", &storage.GetOptions{IfNoneMatch: token,
			IfModifiedSince: time.Now()})
		if err2 == nil {
			r.Body.Close()
		}
		for call, err := range map[string]error{"Stat": err, "Get": err2} {
			if !errors.Is(err, want) {
				t.Errorf("%s with IfNoneMatch %s: %v, want %v", call, token, err, want)
			}
		}
	}
}

// A stub, to see the header: no server here mistakes a plus, which other servers do not take for a
// space.
func TestTagsOnTheWire(t *testing.T) {
	srv := newStub(t, answerOK)
	_, err := srv.store(t).Put(t.Context(), "k", strings.NewReader("x"), 1,
		&storage.PutOptions{Tags: map[string]string{"a b": "c+d é&="}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := srv.One(t).Header.Get("X-Amz-Tagging"),
		"a%20b=c%2Bd%20%C3%A9%26%3D"; got != want {
		t.Errorf("x-amz-tagging: %s, want %s", got, want)
	}
}

// A stub, because lists that are cut and do not say where to go on have no end, or a false one.
func TestCutLists(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		next := q.Get("continuation-token") + q.Get("part-number-marker") // the same again, or none
		fmt.Fprintf(w,
			"<ListResult><IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>"+
				"<NextPartNumberMarker>%s</NextPartNumberMarker><NextKeyMarker>%s</NextKeyMarker></ListResult>", next, next, q.Get("key-marker"))
	})
	for _, provider := range []string{"aws", "minio"} {
		s := srv.provider(t, provider)
		for _, token := range []string{"", "7"} {
			parts := token
			list, uploads := token, token
			if token != "" {
				list, uploads = driver.EncodeToken("", token), driver.EncodeToken(token, "")
				if s.profile.ownUploadPages {
					uploads = driver.EncodeToken(token, token, "")
				}
			}
			_, err := s.ListPage(t.Context(), &storage.ListOptions{PageToken: list})
			wantError(t, provider+" ListPage", err, storage.ErrUnavailable, false)
			_, err = s.ListPartsPage(t.Context(), "k", "id",
				&storage.ListPartsOptions{PageToken: parts})
			wantError(t, provider+" ListPartsPage", err, storage.ErrUnavailable, false)
			_, err = s.ListUploadsPage(t.Context(), &storage.ListOptions{PageToken: uploads})
			wantError(t, provider+" ListUploadsPage", err, storage.ErrUnavailable, false)
		}
	}
}

// A token that S3 never gave out matches nothing: writes are refused here, reads by the service,
// which knows whether the object exists. This one ignores it.
func TestMalformedETag(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for _, token := range []string{storage.ETagNone, "*", "e", `"e`, `""`, `"a", "b"`, `W/"e"`} {
		_, putErr := s.Put(t.Context(), "k", strings.NewReader(""), 0,
			&storage.PutOptions{IfMatch: token})
		_, copyErr := s.Copy(t.Context(), "k", "src", &storage.CopyOptions{IfMatch: token})
		_, completeErr := s.CompleteUpload(t.Context(), "k", "id", nil,
			&storage.PutOptions{IfMatch: token})
		for what, err := range map[string]error{
			"Put": putErr, "Copy": copyErr, "CompleteUpload": completeErr,
			"Delete": s.Delete(t.Context(), "k", &storage.DeleteOptions{IfMatch: token}),
		} {
			if !errors.Is(err, storage.ErrPrecondition) {
				t.Errorf("%s with IfMatch %q: %v", what, token, err)
			}
		}
		if n := len(srv.Seen()); n != 0 {
			t.Errorf("IfMatch %q: %d requests", token, n)
		}
		_, statErr := s.Stat(t.Context(), "k",
			&storage.StatOptions{IfMatch: token, IfNoneMatch: token})
		_, getErr := s.Get(t.Context(), "k",
			&storage.GetOptions{IfMatch: token, IfNoneMatch: token})
		for what, err := range map[string]error{"Stat": statErr, "Get": getErr} {
			if !errors.Is(err, storage.ErrPrecondition) {
				t.Errorf("%s with IfMatch %q that the service ignores: %v", what, token, err)
			}
		}
		for _, r := range srv.Seen() {
			if r.Header.Get("If-Match") != noETag || r.Header.Get("If-None-Match") != "" {
				t.Errorf("%s with %q: If-Match %q, If-None-Match %q", r.Method, token,
					r.Header.Get("If-Match"), r.Header.Get("If-None-Match"))
			}
		}
	}
}

// A stub, because the servers at hand refuse or alter most of these names; AWS takes them, and
// nothing between may clean them.
func TestKeysOnTheWire(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for key, path := range map[string]string{
		"a//b": "/bucket/a//b", "/lead": "/bucket//lead", "k/../y": "/bucket/k/../y",
		"k/./y": "/bucket/k/./y", ".": "/bucket/.", "k/": "/bucket/k/", "k//": "/bucket/k//",
		"a b+c%d?e#f": "/bucket/a%20b%2Bc%25d%3Fe%23f", "é\x01\ufffe": "/bucket/%C3%A9%01%EF%BF%BE",
		"k/$&'()*,:;=@[]~": "/bucket/k/%24%26%27%28%29%2A%2C%3A%3B%3D%40%5B%5D~",
		`a\b`:              "/bucket/a%5Cb",
	} {
		if _, err := s.Put(t.Context(),
			key, strings.NewReader("x"), 1, &storage.PutOptions{}); err != nil {
			t.Errorf("Put(%q): %v", key, err)
		}
		if got := srv.One(t).RequestURI; got != path+"?x-id=PutObject" {
			t.Errorf("Put(%q) went to %s, want %s", key, got, path)
		}
		if _, err := s.Copy(t.Context(), "k", key,
			&storage.CopyOptions{SourceVersionID: "v+1"}); err != nil {
			t.Errorf("Copy from %q: %v", key, err)
		}
		if got := srv.One(t).Header.Get("X-Amz-Copy-Source"); got != strings.TrimPrefix(path, "/")+
			"?versionId=v%2B1" {
			t.Errorf("Copy from %q: source %s", key, got)
		}
	}
	// S3 refuses what leads above the bucket
	for _, key := range []string{"../x", "a/../../b", ".."} {
		if err := s.Delete(t.Context(), key, &storage.DeleteOptions{}); !errors.Is(err,
			storage.ErrInvalidKey) {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
}

// A stub, because no server here holds keys that XML cannot carry. They are never put into the
// batch's XML, where they would be other keys; and each failure finds its key.
func TestDeleteBatch(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		io.WriteString(w,
			`<DeleteResult><Error><Key>b&#xD;&lt;</Key><Code>AccessDenied</Code><Message>no</Message></Error>`+
				`<Error><Key>c</Key><Code>NoSuchKey</Code></Error><Error><Key>d</Key><Code>InternalError</Code></Error></DeleteResult>`)
	})
	s := srv.store(t)
	errs, err := s.DeleteBatch(t.Context(), []string{"a", "b\r<", "c", "d", "e\x01", "../f", "d"},
		&storage.DeleteBatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kinds := make([]error, len(errs))
	for i, err := range errs {
		var e *storage.Error
		if errors.As(err, &e) {
			kinds[i] = e.Kind
		}
	}
	want := []error{nil, storage.ErrPermission, nil, storage.ErrUnavailable, nil,
		storage.ErrInvalidKey, storage.ErrUnavailable}
	if !slices.Equal(kinds, want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	for _, r := range srv.Seen() {
		if r.Method == http.MethodPost && (strings.Count(string(r.Body), "<Key>") != 4 ||
			strings.Contains(string(r.Body), "\uFFFD")) {
			t.Errorf("batch %s", r.Body)
		}
		if r.Method == http.MethodDelete && r.URL.Path != "/bucket/e\x01" {
			t.Errorf("DELETE %q", r.URL.Path)
		}
	}
	srv = newStub(t, func(w http.ResponseWriter, r *stub.Request) { refuse(w, 503, "SlowDown") })
	if _, err := srv.store(t).DeleteBatch(t.Context(), []string{"a"}, nil); !errors.Is(err,
		storage.ErrThrottled) {
		t.Errorf("DeleteBatch: %v", err)
	}
}

// A stub, because it is told what to answer: with and without the encoding that was asked for, with
// prefixes before StartAfter.
func TestListOnTheWire(t *testing.T) {
	encoded := true
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		if q.Get("encoding-type") != "url" {
			t.Errorf("encoding-type %q", q.Get("encoding-type"))
		}
		switch {
		case q.Get("continuation-token") == "opaque/+" && q.Get("start-after") == "":
			io.WriteString(w,
				`<ListBucketResult><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>`)
		case encoded:
			io.WriteString(w,
				`<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>opaque/+</NextContinuationToken>`+
					`<Contents><Key>a/c+d%2B%01</Key><ETag>"e1"</ETag><Size>3</Size><LastModified>2026-01-02T03:04:05.678Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>`+
					`<CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>a/c/</Prefix></CommonPrefixes></ListBucketResult>`)
		default:
			io.WriteString(w,
				`<ListBucketResult><Contents><Key>a%2B+b</Key><ETag>"e1"</ETag><Size>3</Size></Contents></ListBucketResult>`)
		}
	})
	s := srv.store(t)
	opts := &storage.ListOptions{StartAfter: "a/b/x", Delimiter: "/"}
	page, err := s.ListPage(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	want := []*storage.Object{
		{Key: "a/c d+\x01", Size: 3, ETag: `"e1"`, StorageClass: "STANDARD",
			ModTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		{Key: "a/c/", IsPrefix: true},
	}
	if diff := cmp.Diff(want, page.Objects); diff != "" {
		t.Errorf("ListPage (-want +got):\n%s", diff)
	}
	opts.PageToken = page.NextToken
	if page, err = s.ListPage(t.Context(), opts); err != nil || len(page.Objects) != 1 ||
		page.NextToken != "" {
		t.Errorf("second page %v, %v", page, err)
	}
	encoded = false
	if page, err = s.ListPage(t.Context(), &storage.ListOptions{}); err != nil ||
		len(page.Objects) != 1 || page.Objects[0].Key != "a+ b" {
		t.Errorf("page that does not tell its encoding %v, %v", page, err)
	}
	if _, err = s.ListPage(t.Context(), &storage.ListOptions{PageToken: "???"}); !errors.Is(err,
		storage.ErrInvalid) {
		t.Errorf("ListPage with a bad token: %v", err)
	}
}

// A stub, because a server that ignores ranges, one that stores gzip, and composite sums are what
// it plays.
func TestGetOnTheWire(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("ETag", `"e"`)
		h.Set("Content-Encoding", "gzip")
		h.Set("X-Amz-Meta-N", storage.EncodeMetadataValue("ü"))
		h.Set("X-Amz-Checksum-Crc32c", "AAAAAA==")
		switch r.URL.Path {
		case "/bucket/ranged":
			h.Set("Content-Range", "bytes 2-4/10")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "234")
		case "/bucket/composite":
			h.Set("X-Amz-Checksum-Crc32c", "AAAAAA==-2")
			io.WriteString(w, "0123456789")
		case "/bucket/typed":
			h.Set("X-Amz-Checksum-Type", "COMPOSITE")
			io.WriteString(w, "0123456789")
		case "/bucket/bad":
			h.Set("Content-Range", "bytes 2-4/*")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "234")
		default:
			io.WriteString(w, "0123456789")
		}
	})
	s := srv.store(t)
	crc := storage.Checksums{CRC32C: []byte{0, 0, 0, 0}}
	for _, c := range []struct {
		key            string
		offset, length int64
		header         string
		from, n        int64
		body           string
		sums           storage.Checksums
	}{
		{"whole", 0, 0, "", 0, 10, "0123456789", crc},
		{"ranged", 2, 3, "bytes=2-4", 2, 3, "234", storage.Checksums{}},
		{"ignored", 2, 0, "bytes=2-", 0, 10, "0123456789", crc},
		{"ignored", 2, math.MaxInt64, "bytes=2-", 0, 10, "0123456789", crc},
		{"ignored", -3, 0, "bytes=-3", 0, 10, "0123456789", crc},
		{"composite", 0, 0, "", 0, 10, "0123456789", storage.Checksums{}},
		{"typed", 0, 0, "", 0, 10, "0123456789", storage.Checksums{}},
	} {
		r, err := s.Get(t.Context(), c.key, &storage.GetOptions{Offset: c.offset, Length: c.length})
		if err != nil {
			t.Errorf("Get(%s): %v", c.key, err)
			continue
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || string(body) != c.body || r.Offset != c.from || r.Length != c.n ||
			r.Object.Size != 10 {
			t.Errorf("Get(%s) = %q, %v; offset %d, length %d, size %d", c.key, body, err, r.Offset,
				r.Length, r.Object.Size)
		}
		if diff := cmp.Diff(c.sums, r.Object.Checksums); diff != "" {
			t.Errorf("Get(%s): sums (-want +got):\n%s", c.key, diff)
		}
		if r.Object.ContentEncoding != "gzip" || r.Object.Metadata["n"] != "ü" {
			t.Errorf("Get(%s) = %+v", c.key, r.Object)
		}
		req := srv.One(t)
		mode := "ENABLED"
		if c.header != "" {
			mode = ""
		}
		if h := req.Header; h.Get("Range") != c.header || h.Get("Accept-Encoding") != "identity" ||
			h.Get("X-Amz-Checksum-Mode") != mode {
			t.Errorf("Get(%s): Range %q, Accept-Encoding %q, mode %q", c.key, h.Get("Range"),
				h.Get("Accept-Encoding"), h.Get("X-Amz-Checksum-Mode"))
		}
	}
	if _, err := s.Get(t.Context(), "bad", &storage.GetOptions{Offset: 2}); !errors.Is(err,
		storage.ErrUnavailable) {
		t.Errorf("Get(bad): %v", err)
	}
}

// A stub, to see that nothing is sent.
func TestMetadataLimit(t *testing.T) {
	srv := newStub(t, answerOK)
	for _, p := range profiles {
		provider := p.name
		s := srv.provider(t, provider)
		srv.Seen()
		portable := make(map[string]string)
		for i := range 16 { // 1 KiB in 16 entries, of the text that takes most, beside the write ID
			portable[fmt.Sprintf("n%x", i)] = strings.Repeat("ü", 31)
		}
		portable["polystorewrite"] = strings.Repeat("x", 95)
		if _, err := s.Put(t.Context(),
			"k", strings.NewReader(""), 0, &storage.PutOptions{Metadata: portable}); err != nil {
			t.Errorf("%s: 1 KiB of metadata: %v", provider, err)
		}
		srv.Seen()
		big := map[string]string{"n": strings.Repeat("x", 2048)}
		_, err := s.Put(t.Context(), "k", strings.NewReader(""), 0,
			&storage.PutOptions{Metadata: big})
		_, err2 := s.CreateUpload(t.Context(), "k", &storage.PutOptions{Metadata: big})
		_, err3 := s.Copy(t.Context(), "k", "src", &storage.CopyOptions{Replace: !p.stickyHeaders,
			Metadata: big})
		for _, err := range []error{err, err2, err3} {
			if !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("%s: 2 KiB of metadata: %v", provider, err)
			}
		}
		if n := len(srv.Seen()); n != 0 {
			t.Errorf("%s: %d requests", provider, n)
		}
	}
}

func FuzzKeyRule(f *testing.F) {
	for _, key := range oddKeys {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		for i := range profiles {
			if reason := profiles[i].keys.refuse(key, true); reason != "" &&
				storage.PortableKey(key) == nil && !reserved(key, profiles[i].keys.reserved) {
				t.Errorf("%s refuses the portable key %q: %s", profiles[i].name, key, reason)
			}
		}
	})
}

// reserved reports whether key is or is below dir, the server's own.
func reserved(key, dir string) bool {
	return dir != "" && (key == dir || strings.HasPrefix(key, dir+"/"))
}
