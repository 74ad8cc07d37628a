package gcs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"testing"

	"cloud.google.com/go/auth"
	gcloud "cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/internal/canned"
)

var hotData = bytes.Repeat([]byte("x"), 4<<10)

// hotService answers as Cloud Storage does, and allocates nothing.
func hotService(tb testing.TB) string {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(hotData, castagnoli))
	crc := base64.StdEncoding.EncodeToString(sum)
	const common = "Date: Mon, 02 Mar 2026 15:04:05 GMT\r\nServer: UploadServer\r\n" +
		"X-GUploader-UploadID: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	object := canned.Response("200 OK",
		common+"Content-Type: application/json; charset=UTF-8\r\nETag: CKih16GjycICEAE=\r\n"+
			"Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\n",
		`{
  "kind": "storage#object",
  "id": "bucket/k/1772463845000000",
  "selfLink": "https://www.googleapis.com/storage/v1/b/bucket/o/k",
  "mediaLink": "https://storage.googleapis.com/download/storage/v1/b/bucket/o/k?alt=media",
  "name": "k",
  "bucket": "bucket",
  "generation": "1772463845000000",
  "metageneration": "1",
  "contentType": "application/octet-stream",
  "storageClass": "STANDARD",
  "size": "4096",
  "md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg==",
  "crc32c": "`+crc+`",
  "etag": "CKih16GjycICEAE=",
  "timeCreated": "2026-03-02T15:04:05.000Z",
  "updated": "2026-03-02T15:04:05.000Z",
  "timeStorageClassUpdated": "2026-03-02T15:04:05.000Z"
}
`)
	content := canned.Response("200 OK",
		common+"X-Goog-Generation: 1772463845000000\r\nX-Goog-Metageneration: 1\r\n"+
			"X-Goog-Stored-Content-Encoding: identity\r\nX-Goog-Stored-Content-Length: 4096\r\n"+
			"X-Goog-Hash: crc32c="+crc+"\r\nX-Goog-Storage-Class: STANDARD\r\n"+
			"Accept-Ranges: bytes\r\nLast-Modified: Mon, 02 Mar 2026 15:04:05 GMT\r\n"+
			"ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\nCache-Control: private, max-age=0\r\n"+
			"Expires: Mon, 02 Mar 2026 15:04:05 GMT\r\nContent-Type: application/octet-stream\r\n",
		string(hotData))
	gone := []byte("HTTP/1.1 204 No Content\r\n" + common + "\r\n")
	return canned.Serve(tb, func(line []byte) []byte {
		switch {
		case line[0] == 'D':
			return gone
		case bytes.HasPrefix(line, []byte("GET /bucket/")):
			return content
		}
		return object
	})
}

// hot are the calls whose allocations are counted, how many there may be, and the same calls by the
// SDK, for the benchmark.
var hot = []struct {
	name string
	most float64
	call func(context.Context, *storage.Bucket) error
	sdk  func(context.Context, *gcloud.ObjectHandle) error
}{
	{"Get", 130, func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}, func(ctx context.Context, o *gcloud.ObjectHandle) error {
		r, err := o.NewReader(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}},
	{"Put", 148, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, "k", hotData, nil)
		return err
	}, func(ctx context.Context, o *gcloud.ObjectHandle) error {
		w := o.NewWriter(ctx)
		w.ChunkSize = 0 // one request; by default it allocates 16 MiB
		if _, err := w.Write(hotData); err != nil {
			return err
		}
		return w.Close()
	}},
	{"Stat", 116, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, "k", nil)
		return err
	}, func(ctx context.Context, o *gcloud.ObjectHandle) error {
		_, err := o.Attrs(ctx)
		return err
	}},
	{"Delete", 86, func(ctx context.Context, b *storage.Bucket) error {
		return b.Delete(ctx, "k", nil)
	}, func(ctx context.Context, o *gcloud.ObjectHandle) error {
		return o.Delete(ctx)
	}},
}

func hotBucket(tb testing.TB) (*storage.Bucket, *gcloud.ObjectHandle) {
	url := hotService(tb)
	credentials := auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: hotToken{}})
	s, err := New(tb.Context(), "bucket", &Options{Endpoint: url, Credentials: credentials})
	if err != nil {
		tb.Fatal(err)
	}
	b := storage.New(s, nil)
	tb.Cleanup(func() { b.Close() })
	base := new(http.Transport)
	tb.Cleanup(base.CloseIdleConnections)
	sdk, err := gcloud.NewClient(tb.Context(), option.WithoutAuthentication(),
		option.WithEndpoint(url+"/storage/v1/"),
		option.WithHTTPClient(&http.Client{Transport: bearer{base}}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { sdk.Close() })
	return b, sdk.Bucket("bucket").Object("k")
}

// bearer authenticates, without the SDK's transport: that asks whether there is a metadata server,
// and remembers the answer for the whole process.
type bearer struct{ base http.RoundTripper }

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer a-token-of-many-characters")
	return b.base.RoundTrip(req)
}

// hotToken is a token that is good for ever.
type hotToken struct{}

func (hotToken) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: "a-token-of-many-characters", Type: "Bearer"}, nil
}

// What a small object costs is what net/http costs and little more, and less than by the SDK.
func TestAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	b, o := hotBucket(t)
	for _, c := range hot {
		count := func(call func() error) float64 {
			return allocs.Least(200, func() {
				if err := call(); err != nil {
					t.Fatal(err)
				}
			})
		}
		n := count(func() error { return c.call(t.Context(), b) })
		sdk := count(func() error { return c.sdk(t.Context(), o) })
		t.Logf("%s: %.0f allocations, by the SDK %.0f", c.name, n, sdk)
		if n > c.most || n > sdk {
			t.Errorf("%s: %.0f allocations, at most %.0f, by the SDK %.0f", c.name, n, c.most, sdk)
		}
	}
}

func BenchmarkHot(b *testing.B) {
	bucket, object := hotBucket(b)
	for _, c := range hot {
		run := func(name string, call func() error) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("Bucket", func() error { return c.call(b.Context(), bucket) })
		run("SDK", func() error { return c.sdk(b.Context(), object) })
	}
}
