package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Answers are known by what is in them: rclone and moto give some roots names of their own.
func TestKnownByContent(t *testing.T) {
	type call func(context.Context, *Store) error
	create := func(ctx context.Context, s *Store) error {
		id, err := s.CreateUpload(ctx, "k", &storage.PutOptions{})
		if err == nil && id != "id" {
			err = fmt.Errorf("upload %q", id)
		}
		return err
	}
	parts := func(ctx context.Context, s *Store) error {
		_, err := s.ListPartsPage(ctx, "k", "id", &storage.ListPartsOptions{})
		return err
	}
	batch := func(ctx context.Context, s *Store) error {
		_, err := s.DeleteBatch(ctx, []string{"k"}, &storage.DeleteBatchOptions{})
		return err
	}
	for _, c := range []struct {
		name string
		call call
		body string
		ok   bool
	}{
		{"rclone's upload", create,
			"<InitiateMultipartUpload><Bucket>b</Bucket><Key>k</Key><UploadId>id</UploadId></InitiateMultipartUpload>", true},
		{"moto's parts", parts,
			"<ListPartsResponse><Bucket>b</Bucket><UploadId>id</UploadId></ListPartsResponse>",
			true},
		{"a list of another name", calls["List"],
			"<Listing><Name>b</Name><IsTruncated>false</IsTruncated></Listing>", true},
		{"a completion of another name", calls["Complete"],
			"<Done><a><ETag/></a><ETag>e</ETag></Done>", true},
		{"an empty batch", batch, "<DeleteResult/>", true},
		{"a page with the right name", calls["List"], "<LoginResult><form/></LoginResult>", false},
		{"nothing in the right name", calls["List"], "<ListBucketResult></ListBucketResult>",
			false},
		{"a known element too deep", calls["List"], "<html><body><Name>x</Name></body></html>",
			false},
		{"a list for a batch", batch, "<ListBucketResult><Name>b</Name></ListBucketResult>", false},
		{"an empty answer of another name", batch, "<Result/>", false},
		{"a list for a completion", calls["Complete"],
			"<ListBucketResult><Name>b</Name></ListBucketResult>", false},
		{"a copy for an upload", create, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>",
			false},
		{"an upload of another key", create, "<R><Key>other</Key><UploadId>id</UploadId></R>",
			false},
		{"the key, encoded", create, "<R><Key>%6b</Key><UploadId>id</UploadId></R>", true},
		{"the key, with a slash", create, "<R><Key>/k</Key><UploadId>id</UploadId></R>", true},
		{"parts of another upload", parts,
			"<R><UploadId>other</UploadId><IsTruncated>false</IsTruncated></R>", false},
		{"parts of another key", parts, "<R><Key>other</Key><UploadId>id</UploadId></R>", false},
		{"a completion of another key", calls["Complete"], "<R><Key>other</Key><ETag>e</ETag></R>",
			false},
		{"a batch of another key", batch,
			"<DeleteResult><Deleted><Key>other</Key></Deleted></DeleteResult>", false},
		{"the batch's key", batch, "<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>",
			true},
	} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
			io.WriteString(w,
				c.body)
		})
		err := c.call(t.Context(), srv.store(t))
		if c.ok && err != nil || !c.ok && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A service that ignores the version gives another one.
func TestOtherVersion(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("X-Amz-Version-Id", "newest")
		answerOK(w, r)
	})
	s := srv.store(t)
	for version, ok := range map[string]bool{"": true, "newest": true, "old": false} {
		r, err := s.Get(t.Context(), "k", &storage.GetOptions{VersionID: version})
		if err == nil {
			r.Body.Close()
		}
		_, err2 := s.Stat(t.Context(), "k", &storage.StatOptions{VersionID: version})
		for what, err := range map[string]error{"Get": err, "Stat": err2} {
			if (err == nil) != ok || !ok && !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s of version %q: %v", what, version, err)
			}
		}
	}
}

// A service that ignores the conditions gives what is there. Where it does not say which version
// that is, nothing speaks against it.
func TestIgnoredConditions(t *testing.T) {
	for _, c := range []struct {
		etag, match, noneMatch string
		want                   error
	}{
		{`"new"`, `"new"`, "", nil},
		{`"new"`, `"old"`, "", storage.ErrPrecondition},
		{`"new"`, `W/"new"`, "", storage.ErrPrecondition},
		{`W/"new"`, `"new"`, "", nil}, // a proxy's word for it
		{`new`, `"new"`, "", nil},
		{`""`, `"old"`, "", nil},
		{`"new"`, "", `"new"`, storage.ErrNotModified},
		{`"new"`, "", `"old"`, nil},
		{`""`, "", `"old"`, nil},
	} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
			w.Header().Set("ETag", c.etag)
		})
		s := srv.store(t)
		r, err := s.Get(t.Context(), "k", &storage.GetOptions{
			IfMatch: c.match, IfNoneMatch: c.noneMatch,
		})
		if err == nil {
			r.Body.Close()
		}
		_, err2 := s.Stat(t.Context(), "k", &storage.StatOptions{
			IfMatch: c.match, IfNoneMatch: c.noneMatch,
		})
		for what, err := range map[string]error{"Get": err, "Stat": err2} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s of %s with IfMatch %s and IfNoneMatch %s: %v, want %v",
					what, c.etag, c.match, c.noneMatch, err, c.want)
			}
		}
	}
}

// Keys are decoded as it was asked for, unless the answer or the profile says otherwise or they
// cannot be encoded; they have the prefix that was asked for.
func TestDecoder(t *testing.T) {
	for _, c := range []struct {
		name   string
		told   bool
		form   keyForm
		prefix string
		keys   []string
		want   string // of the last key; "-": they are not what was asked for
	}{
		{"told", true, keysAsked, "", []string{"a+b%2B"}, "a b+"},
		{"told, whatever the profile says", true, keysPlain, "", []string{"a%20b"}, "a b"},
		{"not told, encoded", false, keysAsked, "", []string{"a%20b%2Bc"}, "a b+c"},
		{"not told, a space", false, keysAsked, "", []string{"x y", "a%20b"}, "a%20b"},
		{"not told, no percent sign", false, keysAsked, "", []string{"a+b"}, "a+b"},
		{"not told, no escape", false, keysAsked, "", []string{"100%", "a%20b"}, "a%20b"},
		{"not told, the prefix says so", false, keysAsked, "a%20", []string{"a%20b"}, "a%20b"},
		{"not told, the profile says so", false, keysEncoded, "a b/", []string{"a%20b/c"}, "a b/c"},
		{"plain by the profile", false, keysPlain, "", []string{"a%20b"}, "a%20b"},
		{"another prefix", false, keysAsked, "q/", []string{"q/a", "p/b"}, "-"},
		{"another prefix, told", true, keysAsked, "q/", []string{"p%2Fb"}, "-"},
		{"another prefix, plain", false, keysPlain, "q/", []string{"p/b"}, "-"},
	} {
		keys := make([]*string, len(c.keys))
		for i := range c.keys {
			keys[i] = &c.keys[i]
		}
		told := ""
		if c.told {
			told = "url"
		}
		decode, ok := decoder(types.EncodingType(told), c.form, c.prefix, keys)
		got := "-"
		if ok {
			got = decode(keys[len(keys)-1])
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Ceph encodes the keys of uploads, says nothing of it, and leaves the marker as it is.
func TestUploadsOnCeph(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.URL.Query().Has("versioning") {
			answerOK(w, r)
			return
		}
		io.WriteString(w,
			"<ListMultipartUploadsResult><NextKeyMarker>k "+
				"a+b</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"+
				"<IsTruncated>true</IsTruncated><Upload><Key>k%20a%2Bb</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>")
	})
	s := srv.provider(t, "ceph")
	srv.Seen()
	page, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{Prefix: "k a+"})
	if err != nil || len(page.Uploads) != 1 || page.Uploads[0].Key != "k a+b" {
		t.Fatalf("ListUploadsPage = %+v, %v", page, err)
	}
	srv.Seen()
	if _, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{Prefix: "k a+",
		PageToken: page.NextToken}); err != nil {
		t.Log(err) // the stub's next page is the same one
	}
	if got := srv.One(t).URL.Query().Get("key-marker"); got != "k a+b" {
		t.Errorf("the next page is asked for behind %q", got)
	}
	if _, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{Prefix: "q"}); !errors.Is(err,
		storage.ErrUnavailable) {
		t.Errorf("ListUploadsPage that answers for another prefix: %v", err)
	}
}
