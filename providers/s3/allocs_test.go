package s3

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/internal/canned"
)

// newCanned starts a service that answers each request by its method, and allocates nothing for it
// that would count.
func newCanned(tb testing.TB) string {
	tb.Helper()
	const head = "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n" +
		"Last-Modified: Mon, 02 Mar 2026 15:04:05 GMT\r\nDate: Mon, 02 Mar 2026 15:04:05 GMT\r\n" +
		"Content-Type: application/octet-stream\r\nX-Amz-Request-Id: REQUEST1\r\nServer: S3\r\n"
	content := canned.Response("200 OK", head, strings.Repeat("x", 4<<10))
	answers := map[byte][]byte{
		'G': content,
		'H': content[:len(content)-4<<10],
		'P': canned.Response("200 OK", head, ""),
		'D': []byte("HTTP/1.1 204 No Content\r\nDate: Mon, 02 Mar 2026 15:04:05 GMT\r\n\r\n"),
	}
	return canned.Serve(tb, func(line []byte) []byte { return answers[line[0]] })
}

// hot are the calls whose allocations are counted, and how many there may be.
var hot = []struct {
	name string
	most float64
	call func(context.Context, *storage.Bucket) error
}{
	{"Get", 93, func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadFull(r, cannedBuffer[:])
		return err
	}},
	{"Put", 97, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, "k", cannedBuffer[:], nil)
		return err
	}},
	{"Stat", 76, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, "k", nil)
		return err
	}},
	{"Delete", 70, func(ctx context.Context, b *storage.Bucket) error {
		return b.Delete(ctx, "k", nil)
	}},
}

var cannedBuffer [4 << 10]byte

func cannedBucket(tb testing.TB) *storage.Bucket {
	s, err := New(tb.Context(), "bucket", &Options{
		Endpoint: newCanned(tb), Provider: "aws", PathStyle: true, AccessKeyID: stubKey,
		SecretAccessKey: stubSecret,
	})
	if err != nil {
		tb.Fatal(err)
	}
	b := storage.New(s, nil)
	tb.Cleanup(func() { b.Close() })
	return b
}

// What a small object costs is what net/http costs and little more.
func TestAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	b := cannedBucket(t)
	for _, c := range hot {
		n := allocs.Least(200, func() {
			if err := c.call(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %.0f allocations", c.name, n)
		if n > c.most {
			t.Errorf("%s: %.0f allocations, at most %.0f", c.name, n, c.most)
		}
	}
}

func BenchmarkHot(b *testing.B) {
	bucket := cannedBucket(b)
	for _, c := range hot {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(b.Context(), bucket); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
