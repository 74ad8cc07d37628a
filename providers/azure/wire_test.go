package azure

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A put is one request with its headers, its checksum and its condition, and without what was not
// asked for.
func TestPutOnTheWire(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	o, err := s.Put(t.Context(), "a b/ü?#%", strings.NewReader("123456789"), 9, &storage.PutOptions{
		ContentType: "text/plain", CacheControl: "no-cache", Metadata: map[string]string{"a-b": "ü",
			"c": "1"},
		Tags: map[string]string{"t": "1"}, StorageClass: "Cool", IfAbsent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.ETag != stubETag || o.Size != 9 || o.Key != "a b/ü?#%" {
		t.Errorf("Put = %+v", o)
	}
	r := srv.One(t)
	if got, want := r.URL.EscapedPath(), "/"+stubAccount+
		"/bucket/a%20b%2F%C3%BC%3F%23%25"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	for name, want := range map[string]string{
		"X-Ms-Blob-Type": "BlockBlob", "If-None-Match": "*", "If-Match": "",
		"X-Ms-Blob-Content-Type": "text/plain", "X-Ms-Blob-Cache-Control": "no-cache",
		"X-Ms-Blob-Content-Encoding": "",
		"X-Ms-Access-Tier":           "Cool", "X-Ms-Tags": "t=1",
		"X-Ms-Meta-A_2d_b": storage.EncodeMetadataValue("ü"), "X-Ms-Meta-C": "1",
		// The check values of both: e3069283, and ae8b14860a799888 with its last byte first.
		"X-Ms-Meta-Polystoresum": "crc32c.4waSgw.9",
		"X-Ms-Content-Crc64": base64.StdEncoding.EncodeToString([]byte{0x88, 0x98, 0x79, 0x0a,
			0x86, 0x14, 0x8b, 0xae}),
		"Content-Md5": "", "Accept-Encoding": "identity", "Expect": "", "Content-Length": "9",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if string(r.Body) != "123456789" {
		t.Errorf("body %q", r.Body)
	}
	if !strings.HasPrefix(r.Header.Get("User-Agent"), "polystore ") {
		t.Errorf("User-Agent %q", r.Header.Get("User-Agent"))
	}
	// An MD5 takes the place of the CRC64: the service takes one of them.
	md5 := []byte{0x25, 0xf9, 0xe7, 0x94, 0x32, 0x3b, 0x45, 0x38, 0x85, 0xf5, 0x18, 0x1f, 0x1b,
		0x62, 0x4d, 0x0b}
	if _, err := s.Put(t.Context(), "k", strings.NewReader("123456789"), 9,
		&storage.PutOptions{IfMatch: stubETag,
			Checksums: storage.Checksums{MD5: md5}}); err != nil {
		t.Fatal(err)
	}
	r = srv.One(t)
	for name, want := range map[string]string{"If-Match": stubETag, "If-None-Match": "",
		"Content-Md5": base64.StdEncoding.EncodeToString(md5), "X-Ms-Content-Crc64": ""} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// An upload is parts and a commit; its conditions, headers and metadata, with the checksum of the
// whole, go with the commit.
func TestUploadOnTheWire(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	opts := &storage.PutOptions{ContentType: "text/plain", Metadata: map[string]string{"a": "1"},
		IfMatch: stubETag}
	id, err := s.CreateUpload(t.Context(), "k", opts)
	if err != nil || len(srv.Seen()) != 0 {
		t.Fatalf("CreateUpload = %q, %v: it makes no request", id, err)
	}
	var parts []*storage.Part
	for i, data := range []string{"1234", "56789"} {
		p, err := s.PutPart(t.Context(), "k", id, i+1, strings.NewReader(data), int64(len(data)),
			&storage.PartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
		if r := srv.One(t); r.URL.Query().Get("blockid") != blockID(id, i+1) ||
			r.Header.Get("X-Ms-Content-Crc64") == "" || r.Header.Get("If-Match") != "" {
			t.Errorf("part %d: %s %v", i+1, r.URL, r.Header)
		}
	}
	o, err := s.CompleteUpload(t.Context(), "k", id, parts, opts)
	if err != nil || o.Size != 9 {
		t.Fatalf("CompleteUpload = %+v, %v", o, err)
	}
	r := srv.One(t)
	if r.Header.Get("If-Match") != stubETag ||
		r.Header.Get("X-Ms-Blob-Content-Type") != "text/plain" ||
		r.Header.Get("X-Ms-Meta-A") != "1" ||
		r.Header.Get("X-Ms-Meta-Polystoresum") != "crc32c.4waSgw.9."+id {
		t.Errorf("commit: %v", r.Header)
	}
	var list struct{ Latest []string }
	if err := xml.Unmarshal(r.Body, &list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{blockID(id, 1), blockID(id, 2)}, list.Latest); diff != "" {
		t.Errorf("block list: -want +got\n%s", diff)
	}
	if err := s.AbortUpload(t.Context(), "k", id); !errors.Is(err, errors.ErrUnsupported) ||
		len(srv.Seen()) != 0 {
		t.Errorf("AbortUpload: %v: there is no request for it", err)
	}
	if _, err := s.PutPart(t.Context(), "k", "short", 1, strings.NewReader("x"), 1,
		&storage.PartOptions{}); err == nil || len(srv.Seen()) != 0 {
		t.Errorf("PutPart of another's upload ID: %v: an ID of another length would spoil the blob",
			err)
	}
}

// A blob has up to 100,000 uncommitted blocks, to which another program may have given the longest
// IDs.
func TestAllBlocks(t *testing.T) {
	id := newUploadID("k")
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		block := "<Block><Name>%s</Name><Size>4194304000</Size></Block>"
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0"?><BlockList><UncommittedBlocks>`)
		for i := range 99_999 {
			other := fmt.Appendf(nil, "%064d", i)
			fmt.Fprintf(w, block, base64.StdEncoding.EncodeToString(other))
		}
		fmt.Fprintf(w, block, blockID(id, maxBlocks))
		io.WriteString(w, "</UncommittedBlocks></BlockList>")
	})
	p, err := srv.store(t).ListPartsPage(t.Context(), "k", id, &storage.ListPartsOptions{})
	if err != nil || len(p.Parts) != 1 || p.Parts[0].Number != maxBlocks {
		t.Errorf("ListPartsPage = %+v, %v", p, err)
	}
}

// Parts that make no object, or another one, are refused: Azure would take them.
func TestCompleteUploadParts(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for name, numbers := range map[string][]int{"none": nil, "order": {2, 1}, "twice": {1, 1},
		"zero": {0, 1}, "too many": {1, maxBlocks + 1}} {
		var parts []*storage.Part
		for _, n := range numbers {
			parts = append(parts, &storage.Part{Number: n, Size: 1})
		}
		_, err := s.CompleteUpload(t.Context(), "k", newUploadID("k"), parts, &storage.PutOptions{})
		wantError(t, name, err, storage.ErrInvalid, false)
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A stubCredential gives a token that must not show.
type stubCredential struct{}

func (stubCredential) GetToken(
	context.Context, policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: stubToken, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// The source of a copy is signed for the service that reads it, in each way of signing: Azurite
// does not insist on it.
func TestCopySourceIsSigned(t *testing.T) {
	srv := newTLSStub(t, answerOK)
	at := srv.URL + "/" + stubAccount
	for _, test := range []struct {
		name    string
		o       Options
		query   string // what is in the source's
		bearer  string
		version string
	}{
		{"key", Options{Key: stubKey}, "sr=b sp=r sig= se=", "", ""},
		{"key, version", Options{Key: stubKey}, "sr=bv sp=r sig= versionid=", "",
			"2026-11-23T07:00:00.0000000Z"},
		{"sas", Options{SASToken: "?" + stubSAS}, "sig=stub-signature", "", ""},
		{"sas, version", Options{SASToken: stubSAS}, "sig=stub-signature versionid=", "",
			"2026-11-23T07:00:00.0000000Z"},
		{"token", Options{Credential: stubCredential{}}, "", "Bearer " + stubToken, ""},
		{"anonymous", Options{Anonymous: true}, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := test.o
			o.Endpoint, o.HTTPClient = at, srv.Client()
			s := mustNew(t, "bucket", &o)
			check := func(what string) {
				r := srv.Seen()[0]
				from := r.Header.Get("X-Ms-Copy-Source")
				u, err := url.Parse(from)
				if err != nil || !strings.HasPrefix(from, at+"/bucket/src%2F%C3%BC%20+%25") {
					t.Errorf("%s: source %q", what, from)
					return
				}
				for part := range strings.FieldsSeq(test.query) {
					if !strings.Contains("&"+u.RawQuery, "&"+part) {
						t.Errorf("%s: %q is not in the source's query %q", what, part, u.RawQuery)
					}
				}
				if test.query == "" && u.RawQuery != "" {
					t.Errorf("%s: query %q", what, u.RawQuery)
				}
				if got := r.Header.Get("X-Ms-Copy-Source-Authorization"); got != test.bearer {
					t.Errorf("%s: authorization of the source %q, want %q", what, got, test.bearer)
				}
				if r.Header.Get("X-Ms-Source-If-Match") != stubETag {
					t.Errorf("%s: x-ms-source-if-match %q", what,
						r.Header.Get("X-Ms-Source-If-Match"))
				}
			}
			const src = "src/ü +%"
			for _, replace := range []bool{false, true} {
				opts := &storage.CopyOptions{SourceIfMatch: stubETag, SourceVersionID: test.version,
					Replace: replace}
				if _, err := s.Copy(t.Context(), "dst", src, opts); err != nil {
					t.Fatal(err)
				}
				check(fmt.Sprintf("Copy, Replace %v", replace))
			}
			_, err := s.CopyPart(t.Context(), "dst", newUploadID("dst"), 1, src,
				&storage.CopyPartOptions{
					SourceOffset: 5, SourceLength: 10, SourceIfMatch: stubETag,
					SourceVersionID: test.version,
				})
			if err != nil {
				t.Fatal(err)
			}
			check("CopyPart")
		})
	}
}

// A copy that replaces sets all of the new object's headers, and metadata also where there is none:
// Azure would take the source's.
func TestCopyReplacingOnTheWire(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("X-Ms-Content-Crc64", base64.StdEncoding.EncodeToString([]byte{8, 7, 6, 5, 4,
			3, 2, 1}))
		answerOK(w, r)
	})
	s := srv.store(t)
	if _, err := s.Copy(t.Context(), "dst", "src", &storage.CopyOptions{Replace: true,
		ContentType: "text/plain", IfAbsent: true}); err != nil {
		t.Fatal(err)
	}
	r := srv.Seen()
	if len(r) != 2 || r[0].URL.Query().Get("comp") != "block" ||
		r[1].URL.Query().Get("comp") != "blocklist" {
		t.Fatalf("%d requests", len(r))
	}
	if r[0].Header.Get("X-Ms-Source-Range") != "" || r[0].Header.Get("If-None-Match") != "" {
		t.Errorf("block: %v", r[0].Header)
	}
	if r[1].Header.Get("If-None-Match") != "*" ||
		r[1].Header.Get("X-Ms-Blob-Content-Type") != "text/plain" ||
		!strings.HasPrefix(r[1].Header.Get("X-Ms-Meta-Polystoresum"), "crc64nvme."+
			base64.RawURLEncoding.EncodeToString([]byte{1, 2, 3, 4, 5, 6, 7, 8})+"..") {
		t.Errorf("commit: %v", r[1].Header)
	}
}

// What Copy cannot do in one request the Bucket does otherwise: here by a Get and a Put.
func TestCopyFallsBack(t *testing.T) {
	for _, refusal := range []struct {
		status int
		code   string
	}{
		{409, "CannotVerifyCopySource"}, // an empty source, or one above 256 MiB
		{413, "RequestBodyTooLarge"},
		{416, "InvalidRange"}, // all of an empty source
		{409, "BlobUsesCustomerSpecifiedEncryption"},
		{400, "InvalidInput"},
	} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			if r.Header.Get("X-Ms-Copy-Source") != "" {
				refuse(w, refusal.status, refusal.code)
				return
			}
			answerOK(w, r)
		})
		b := storage.New(srv.store(t), nil)
		defer b.Close()
		for _, opts := range []*storage.CopyOptions{nil, {Replace: true}, {IfAbsent: true}} {
			if _, err := b.Copy(t.Context(), "dst", "src", opts); err != nil {
				t.Errorf("%s: %v", refusal.code, err)
			}
			r := srv.Seen()
			if last := r[len(r)-1]; last.Method != http.MethodPut ||
				string(last.Body) != "content" {
				t.Errorf("%s: the last of %d requests: %s, body %q", refusal.code, len(r),
					last.Method, last.Body)
			}
		}
	}
}

// Another program's commit between the two requests of a copy is no failure of the copy: it is made
// again.
func TestCopyReplacingSwept(t *testing.T) {
	first := true
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.URL.Query().Get("comp") == "blocklist" && first {
			first = false
			refuse(w, 400, "InvalidBlockList")
			return
		}
		answerOK(w, r)
	})
	b := storage.New(srv.store(t),
		&storage.Options{Retry: storage.RetryOptions{MinDelay: time.Millisecond}})
	defer b.Close()
	if _, err := b.Copy(t.Context(),
		"dst", "src", &storage.CopyOptions{Replace: true}); err != nil {
		t.Error(err)
	}
}

// The source's failure is the source's, also where the destination has a condition.
func TestCopySourceMissing(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.Header().Set("X-Ms-Copy-Source-Status-Code", "404")
		w.Header().Set("X-Ms-Copy-Source-Error-Code", "BlobNotFound")
		refuse(w, 404, "BlobNotFound")
	})
	_, err := srv.store(t).Copy(t.Context(), "dst", "src", &storage.CopyOptions{IfMatch: stubETag})
	wantError(t, "Copy", err, storage.ErrNotExist, false)
}

// A read asks for what is wanted, and never for what is not: no range for all of an object, no body
// of it for none.
func TestGetOnTheWire(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name                                 string
		opts                                 storage.GetOptions
		rng, match, noneMatch, since, verion string
	}{
		{name: "all"},
		{name: "from", opts: storage.GetOptions{Offset: 3}, rng: "bytes=3-"},
		{name: "range", opts: storage.GetOptions{Offset: 3, Length: 4}, rng: "bytes=3-6"},
		{name: "first", opts: storage.GetOptions{Length: 4}, rng: "bytes=0-3"},
		{name: "if match", opts: storage.GetOptions{IfMatch: stubETag}, match: stubETag},
		{name: "if none match", opts: storage.GetOptions{IfNoneMatch: `"other"`},
			noneMatch: `"other"`},
		{name: "since", opts: storage.GetOptions{IfModifiedSince: since},
			since: since.Format(http.TimeFormat)},
		{name: "both", opts: storage.GetOptions{IfMatch: stubETag, IfNoneMatch: `"other"`},
			match: stubETag},
		{name: "malformed", opts: storage.GetOptions{IfNoneMatch: "*"}},
		{name: "version", opts: storage.GetOptions{VersionID: "2026-11-23T07:00:00.0000000Z"},
			verion: "2026-11-23T07:00:00.0000000Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
				if rng := r.Header.Get("X-Ms-Range"); rng != "" {
					w.Header().Set("Content-Range", strings.NewReplacer("bytes=3-6", "bytes 3-6/7",
						"bytes=3-", "bytes 3-6/7", "bytes=0-3", "bytes 0-3/7").Replace(rng))
					w.Header().Set("ETag", stubETag)
					w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
					w.WriteHeader(http.StatusPartialContent)
					io.WriteString(w, "tent")
					return
				}
				answerOK(w, r)
			})
			g, err := srv.store(t).Get(t.Context(), "a/b c", &test.opts)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Body.Close()
			if b, err := io.ReadAll(g.Body); err != nil || int64(len(b)) != g.Length ||
				g.Object.Size != 7 {
				t.Errorf("%q, %v, %+v", b, err, g)
			}
			r := srv.One(t)
			got := []string{r.Header.Get("X-Ms-Range"), r.Header.Get("Range"),
				r.Header.Get("If-Match"), r.Header.Get("If-None-Match"),
				r.Header.Get("If-Modified-Since"), r.URL.Query().Get("versionid")}
			if diff := cmp.Diff([]string{test.rng, "", test.match, test.noneMatch, test.since,
				test.verion}, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if r.URL.EscapedPath() != "/"+stubAccount+"/bucket/a%2Fb%20c" {
				t.Errorf("path %q", r.URL.EscapedPath())
			}
		})
	}
}

// The SDK answers a 304 with neither an error nor a body.
func TestNotModified(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.Header().Set("X-Ms-Error-Code", "ConditionNotMet")
		w.WriteHeader(http.StatusNotModified)
	})
	s := srv.store(t)
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{IfNoneMatch: stubETag})
	if e := wantError(t, "Get", err,
		storage.ErrNotModified, false); e.Status != http.StatusNotModified {
		t.Errorf("Status %d", e.Status)
	}
	b := storage.New(s, nil)
	defer b.Close()
	if _, err := b.Get(t.Context(), "k", &storage.GetOptions{IfNoneMatch: stubETag}); err == nil {
		t.Error("Get of a Bucket succeeded")
	}
	// What the service was not asked, the driver sees to, and closes the body (goleak).
	ok := newStub(t, answerOK).store(t)
	for _, opts := range []storage.GetOptions{
		{IfMatch: stubETag, IfNoneMatch: stubETag},
		{IfMatch: stubETag, IfModifiedSince: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		_, err := ok.Get(t.Context(), "k", &opts)
		wantError(t, "Get with two conditions", err, storage.ErrNotModified, false)
	}
	for _, opts := range []storage.StatOptions{{IfNoneMatch: stubETag},
		{IfModifiedSince: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		_, err := ok.Stat(t.Context(), "k", &opts)
		wantError(t, "Stat", err, storage.ErrNotModified, false)
	}
}

// A blob that can be changed in place keeps the MD5 of what it was.
func TestStaleMD5(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("ETag", stubETag)
		w.Header().Set("X-Ms-Blob-Type", "AppendBlob")
		w.Header().Set("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==")
		io.WriteString(w, "content")
	})
	b := storage.New(srv.store(t), nil)
	defer b.Close()
	if got, err := b.ReadAll(t.Context(), "k", &storage.GetOptions{VerifyHash: true}); err != nil ||
		string(got) != "content" {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
}

// A token that Azure never gave out matches nothing, and is never sent where it would mean
// something else.
func TestMalformedETag(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for _, tag := range []string{"*", storage.ETagNone, "0x8DE0000000000001", `W/"0x8DE"`,
		`"a", "b"`, `""`} {
		put := &storage.PutOptions{IfMatch: tag}
		_, err := s.Put(t.Context(), "k", strings.NewReader("x"), 1, put)
		wantError(t, "Put "+tag, err, storage.ErrPrecondition, false)
		_, err = s.CompleteUpload(t.Context(), "k", newUploadID("k"), []*storage.Part{{Number: 1}},
			put)
		wantError(t, "CompleteUpload "+tag, err, storage.ErrPrecondition, false)
		_, err = s.Copy(t.Context(), "k", "src", &storage.CopyOptions{IfMatch: tag})
		wantError(t, "Copy "+tag, err, storage.ErrPrecondition, false)
		wantError(t, "Delete "+tag, s.Delete(t.Context(), "k",
			&storage.DeleteOptions{IfMatch: tag}), storage.ErrPrecondition, false)
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Lists give ETags without quotes, and objects and prefixes apart.
func TestListOnTheWire(t *testing.T) {
	const answer = "\ufeff" + `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Prefix>p/</Prefix><Delimiter>/</Delimiter><Blobs>
<Blob><Name>p/a</Name><Properties><Last-Modified>Mon, 23 Nov 2026 07:00:00 GMT</Last-Modified><Etag>0x8DE0000000000001</Etag><Content-Length>5</Content-Length>
<Content-MD5>JfnnlDI7RTiF9RgfG2JNCw==</Content-MD5><BlobType>BlockBlob</BlobType><AccessTier>Cool</AccessTier></Properties></Blob>
<Blob><Name>p/gone</Name><Deleted>true</Deleted><Properties><Etag>0x8DE0000000000003</Etag><Content-Length>1</Content-Length></Properties></Blob>
<Blob><Name>p/c</Name><Properties><Etag>"0x8DE0000000000004"</Etag><Content-Length>1</Content-Length><Content-MD5>JfnnlDI7RTiF9RgfG2JNCw==</Content-MD5><BlobType>AppendBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred></Properties></Blob>
<Blob><Name Encoded="true">p/d%20%C3%BC</Name><Properties><Etag>0x8DE0000000000005</Etag><Content-Length>1</Content-Length></Properties></Blob>
<BlobPrefix><Name>p/b/</Name></BlobPrefix></Blobs><NextMarker>MARK</NextMarker></EnumerationResults>`
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, answer)
	})
	s := srv.store(t)
	opts := &storage.ListOptions{Prefix: "p/", Delimiter: "/", StartAfter: "p/Z/x", PageSize: 10}
	page, err := s.ListPage(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range page.Objects {
		// and not that of a blob that can change in place
		if known := o.Checksums.MD5 != nil; known != (o.Key == "p/a") {
			t.Errorf("%s: MD5 %x", o.Key, o.Checksums.MD5)
		}
		got = append(got, fmt.Sprintf("%s %d %s %s %v", o.Key, o.Size, o.ETag, o.StorageClass,
			o.IsPrefix))
	}
	want := []string{`p/a 5 "0x8DE0000000000001" Cool false`, `p/b/ 0   true`,
		`p/c 1 "0x8DE0000000000004"  false`, `p/d ü 1 "0x8DE0000000000005"  false`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	q := srv.One(t).URL.Query()
	// With a delimiter the service takes a name of one level only.
	for name, want := range map[string]string{"prefix": "p/", "delimiter": "/", "startFrom": "p/Z",
		"marker": "", "maxresults": "10"} {
		if q.Get(name) != want {
			t.Errorf("%s=%q, want %q", name, q.Get(name), want)
		}
	}
	opts.PageToken = page.NextToken
	if _, err := s.ListPage(t.Context(), opts); err == nil {
		t.Error("a list that does not advance went on")
	}
	if q := srv.One(t).URL.Query(); q.Get("marker") != "MARK" || q.Get("startFrom") != "" {
		t.Errorf("the second page: %v", q)
	}
	if _, err := s.ListPage(t.Context(), &storage.ListOptions{PageToken: "nonsense"}); err == nil ||
		len(srv.Seen()) != 0 {
		t.Errorf("ListPage with a malformed token: %v", err)
	}
}

// A directory of a hierarchical namespace is no object, as it is none in lists.
func TestDirectory(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("X-Ms-Resource-Type", "directory")
		w.Header().Set("X-Ms-Meta-Hdi_isfolder", "true")
		answerOK(w, r)
	})
	for _, name := range []string{"Get", "Stat"} {
		wantError(t, name, calls[name](t.Context(), srv.store(t)), storage.ErrNotExist, false)
	}
}
