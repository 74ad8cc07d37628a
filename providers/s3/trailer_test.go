package s3

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/internal/stub"
)

// someBytes are n bytes without a short period.
func someBytes(n int) []byte {
	b := make([]byte, n)
	x := uint32(n) + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func castagnoliOf(data []byte) []byte {
	return beSum(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// encoded is data as the documentation of aws-chunked has it, in chunks of 1 MiB.
func encoded(data []byte) []byte {
	sum := httpdriver.EncodeSum(castagnoliOf(data))
	var b bytes.Buffer
	for len(data) > 0 {
		n := min(len(data), 1<<20)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, data[:n])
		data = data[n:]
	}
	fmt.Fprintf(&b, "0\r\nx-amz-checksum-crc32c:%s\r\n\r\n", sum)
	return b.Bytes()
}

func newTrailed(t testing.TB, body io.ReadSeeker, size int64) *request {
	t.Helper()
	p, err := driver.NewPayload(body, size)
	if err != nil {
		t.Fatal(err)
	}
	return newUpload("k", "", p, new(storage.Checksums), trailedPayload)
}

func TestTrailedBody(t *testing.T) {
	const whole = 1 << 20
	for _, size := range []int{
		0, 1, 15, 16, whole - 1, whole, whole + 1, 2 * whole, 2*whole + 12345,
	} {
		data := someBytes(size)
		want := encoded(data)
		r := newTrailed(t, bytes.NewReader(data), int64(size))
		if got := r.length(); got != int64(len(want)) {
			t.Errorf("%d bytes: the length is %d, want %d", size, got, len(want))
		}
		if err := iotest.TestReader(newTrailed(t, bytes.NewReader(data), int64(size)).trailed,
			want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		for _, pieces := range []int{1, 7, 32 << 10, whole + 3} {
			r := newTrailed(t, bytes.NewReader(data), int64(size))
			var got bytes.Buffer
			body := struct{ io.Reader }{r.trailed}
			if pieces == 1 && size > 16 {
				continue
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{&got}, body,
				make([]byte, pieces)); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%d bytes by %d: %d bytes, %v", size, pieces, got.Len(), err)
			}
			sums, err := r.sums(storage.Checksums{}, nil)
			if err != nil || !bytes.Equal(sums.CRC32C, castagnoliOf(data)) {
				t.Errorf("%d bytes by %d: sums %x, %v", size, pieces, sums.CRC32C, err)
			}
		}
	}
}

// A Read is full, so that what stands between the bytes is no packet of its own, and gives what
// there is where the body has no more at hand.
func TestTrailedBodyFills(t *testing.T) {
	data := someBytes(2<<20 + 5)
	r := newTrailed(t, bytes.NewReader(data), int64(len(data)))
	buf := make([]byte, 32<<10)
	for left := r.length(); left > 0; {
		n, err := r.trailed.Read(buf)
		if int64(n) != min(left, int64(len(buf))) || err != nil {
			t.Fatalf("%d bytes with %d to come, %v", n, left, err)
		}
		left -= int64(n)
	}
	halves := newTrailed(t, slow{bytes.NewReader(data)}, int64(len(data)))
	if n, err := halves.trailed.Read(buf); n != len("100000\r\n")+1000 || err != nil {
		t.Errorf("%d bytes of a body that had 1,000, %v", n, err)
	}
}

// slow has 1,000 bytes at a time.
type slow struct{ io.ReadSeeker }

func (s slow) Read(p []byte) (int, error) { return s.ReadSeeker.Read(p[:min(len(p), 1000)]) }

// A body that breaks off or fails ends with its error and has no trailer.
func TestTrailedBodyBreaks(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, want := range []error{io.ErrUnexpectedEOF, broken} {
		body := &breaking{strings.NewReader(strings.Repeat("x", 3<<20)), 2 << 20, want}
		r := newTrailed(t, body, 3<<20)
		got, err := io.ReadAll(r.trailed)
		if err != want || bytes.Contains(got, []byte(trailedSum)) {
			t.Errorf("%d bytes, %v, want %v", len(got), err, want)
		}
		if r.InDoubt() || r.Failure() == nil {
			t.Errorf("in doubt %v, failure %v", r.InDoubt(), r.Failure())
		}
		if _, err := r.sums(storage.Checksums{}, nil); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("sums of a body that broke off: %v", err)
		}
	}
}

// breaking ends after some bytes with err.
type breaking struct {
	io.ReadSeeker
	after int
	err   error
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.after == 0 {
		return 0, b.err
	}
	n, err := b.ReadSeeker.Read(p[:min(len(p), b.after)])
	b.after -= n
	return n, err
}

// What a part costs does not grow with it.
func TestTrailedAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	data, buf := someBytes(16<<20), make([]byte, 32<<10)
	count := func(size int) float64 {
		return allocs.Least(5, func() {
			r := newTrailed(t, bytes.NewReader(data[:size]), int64(size))
			for {
				if _, err := r.trailed.Read(buf); err == io.EOF {
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	few, many := count(1<<20), count(16<<20)
	if few > 16 || many != few {
		t.Errorf("%v allocations for 1 MiB, %v for 16 MiB", few, many)
	}
}

// bulk is a body that is worth a trailer.
var bulk = string(someBytes(1<<20 + 100))

// trailing reports whether a request has its sum behind its body, which then is large.
func trailing(t *testing.T, r *stub.Request) bool {
	t.Helper()
	if r.Header.Get("X-Amz-Content-Sha256") != trailedPayload {
		for _, name := range []string{
			"X-Amz-Trailer", "X-Amz-Decoded-Content-Length", "Content-Encoding",
		} {
			if v := r.Header.Get(name); strings.Contains(v, "aws-chunked") ||
				v != "" && name != "Content-Encoding" {
				t.Errorf("%s %s without a trailer", name, v)
			}
		}
		return false
	}
	if want := encoded([]byte(bulk)); !bytes.Equal(r.Body, want) ||
		r.ContentLength != int64(len(want)) || r.TransferEncoding != nil {
		t.Errorf("a body of length %d, %d bytes, want %d", r.ContentLength, len(r.Body), len(want))
	}
	for name, want := range map[string]string{
		"X-Amz-Trailer":                "x-amz-checksum-crc32c",
		"X-Amz-Decoded-Content-Length": strconv.Itoa(len(bulk)),
		"X-Amz-Checksum-Crc32c":        "",
		"Content-Md5":                  "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if want != "" && !strings.Contains(r.Header.Get("Authorization"), strings.ToLower(name)) {
			t.Errorf("%s is not signed", name)
		}
	}
	return true
}

// A large body is read once, by the profiles that know trailers alone, where the signature leaves
// the bytes out and no sum is known.
func TestTrailersOnTheWire(t *testing.T) {
	size := int64(len(bulk))
	known := storage.Checksums{CRC32C: castagnoliOf([]byte(bulk))}
	for i := range profiles {
		p := &profiles[i]
		if p.trailers != (p.name == "aws" || p.name == "minio") || p.trailers && p.contentMD5 {
			t.Errorf("%s: trailers %v, Content-MD5 %v", p.name, p.trailers, p.contentMD5)
		}
		for _, secure := range []bool{false, true} {
			start := map[bool]func(*testing.T, stub.Answer) *server{
				false: newStub, true: newTLSStub,
			}[secure]
			srv := start(t, answerOK)
			s := srv.provider(t, p.name)
			srv.Seen()
			put := func(opts storage.PutOptions) (*onlyReads, *stub.Request) {
				t.Helper()
				body := newOnlyReads(bulk)
				if _, err := s.Put(t.Context(), "k", body, size, &opts); err != nil {
					t.Fatal(err)
				}
				return body, srv.One(t)
			}
			putPart := func(sums storage.Checksums) (*onlyReads, *stub.Request, *storage.Part) {
				t.Helper()
				body := newOnlyReads(bulk)
				part, err := s.PutPart(t.Context(), "k", "id", 1, body, size,
					&storage.PartOptions{Checksums: sums})
				if err != nil {
					t.Fatal(err)
				}
				return body, srv.One(t), part
			}
			passes := map[bool]int{false: 2, true: 1}[p.trailers]
			body, r := put(storage.PutOptions{})
			if trailing(t, r) != p.trailers || body.n != passes*len(bulk) {
				t.Errorf("%s: Put with %s read %d bytes", p.name, r.Header, body.n)
			}
			body, r, part := putPart(storage.Checksums{})
			if trailing(t, r) != p.trailers || body.n != passes*len(bulk) {
				t.Errorf("%s: PutPart with %s read %d bytes", p.name, r.Header, body.n)
			}
			if !p.contentMD5 && !bytes.Equal(part.Checksums.CRC32C, known.CRC32C) {
				t.Errorf("%s: the part has %v", p.name, part.Checksums)
			}
			ahead := newOnlyReads(bulk)
			sums, err := s.SumPart(t.Context(), ahead, size)
			if err != nil || sums.IsZero() != p.trailers || (ahead.n == 0) != p.trailers {
				t.Errorf("%s: SumPart = %v, %v, of %d bytes", p.name, sums, err, ahead.n)
			}
			_, r = put(storage.PutOptions{ContentEncoding: "gzip"})
			want := map[bool]string{false: "gzip", true: "aws-chunked,gzip"}[p.trailers]
			if got := r.Header.Get("Content-Encoding"); got != want {
				t.Errorf("%s: Content-Encoding %s, want %s", p.name, got, want)
			}
			_, r = put(storage.PutOptions{Checksums: known})
			if trailing(t, r) {
				t.Errorf("%s: Put with the caller's sum", p.name)
			}
			if _, r, _ = putPart(known); trailing(t, r) {
				t.Errorf("%s: PutPart with a known sum", p.name)
			}
			s.tls, s.loopback = false, false
			if _, r, _ = putPart(storage.Checksums{}); trailing(t, r) {
				t.Errorf("%s: over plain HTTP, where the bytes are signed", p.name)
			}
		}
	}
}

// Nobody signs for the trailer of an anonymous request: MinIO refused those until 2025.
func TestNoTrailer(t *testing.T) {
	srv := newTLSStub(t, answerOK)
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken, o.Anonymous = "", "", "", true
	s := mustNew(t, "bucket", o)
	put(t, s, "k", bulk)
	if trailing(t, srv.One(t)) {
		t.Error("an anonymous Put")
	}
	s = srv.store(t)
	put(t, s, "k", bulk[:1<<20-1])
	if trailing(t, srv.One(t)) {
		t.Error("a small Put")
	}
}

// A success that came before the end of the body, or for other bytes, is none, and in doubt.
func TestTrailedAnswers(t *testing.T) {
	for name, sum := range map[string]string{
		"no sum": "", "its sum": httpdriver.EncodeSum(castagnoliOf([]byte(bulk))),
		"composite": "AAAAAA==-2", "another": "AAAAAA==",
	} {
		srv := newTLSStub(t, func(w http.ResponseWriter, r *stub.Request) {
			if sum != "" {
				w.Header().Set(trailedSum, sum)
			}
			answerOK(w, r)
		})
		s := srv.store(t)
		_, err := s.Put(t.Context(), "k", strings.NewReader(bulk), int64(len(bulk)),
			new(storage.PutOptions))
		_, err2 := s.PutPart(t.Context(), "k", "id", 1, strings.NewReader(bulk),
			int64(len(bulk)), new(storage.PartOptions))
		for _, err := range []error{err, err2} {
			var e *storage.Error
			errors.As(err, &e)
			switch {
			case name != "another" && err != nil:
				t.Errorf("%s: %v", name, err)
			case name == "another" && (!errors.Is(err, httpdriver.ErrForeign) || !e.InDoubt):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
