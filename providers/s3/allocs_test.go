package s3

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// newCanned starts a service that answers each request by its method, and allocates nothing for it
// that would count.
func newCanned(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	const head = "HTTP/1.1 200 OK\r\nETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n" +
		"Last-Modified: Mon, 02 Mar 2026 15:04:05 GMT\r\nDate: Mon, 02 Mar 2026 15:04:05 GMT\r\n" +
		"Content-Type: application/octet-stream\r\nX-Amz-Request-Id: REQUEST1\r\nServer: S3\r\n"
	content := strings.Repeat("x", 4<<10)
	answers := map[byte][]byte{
		'G': []byte(head + "Content-Length: 4096\r\n\r\n" + content),
		'H': []byte(head + "Content-Length: 4096\r\n\r\n"),
		'P': []byte(head + "Content-Length: 0\r\n\r\n"),
		'D': []byte("HTTP/1.1 204 No Content\r\nDate: Mon, 02 Mar 2026 15:04:05 GMT\r\n\r\n"),
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReaderSize(c, 16<<10)
				for {
					first, err := r.Peek(1)
					if err != nil {
						return
					}
					answer, length := answers[first[0]], 0
					for line, err := r.ReadSlice('\n'); len(line) > 2; line,
						err = r.ReadSlice('\n') {
						if err != nil {
							return
						}
						if string(line) == "Content-Length: 4096\r\n" {
							length = 4 << 10
						}
					}
					r.Discard(length)
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// hot are the calls whose allocations are counted, and how many there may be.
var hot = []struct {
	name string
	most float64
	call func(context.Context, *storage.Bucket) error
}{
	{"Get", 140, func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadFull(r, cannedBuffer[:])
		return err
	}},
	{"Put", 130, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, "k", cannedBuffer[:], nil)
		return err
	}},
	{"Stat", 110, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, "k", nil)
		return err
	}},
	{"Delete", 110, func(ctx context.Context, b *storage.Bucket) error {
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
		n := testing.AllocsPerRun(200, func() {
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
