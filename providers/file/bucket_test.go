package file

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

// Through a Bucket: a stream in parts, read in parallel, and nothing left behind by a source that
// fails.
func TestBucket(t *testing.T) {
	s, dir := newStore(t)
	b := storage.New(s, &storage.Options{PartSize: 1 << 20})
	data := make([]byte, 5<<20+17)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	o, err := b.Put(t.Context(), "a/b", iotest.OneByteReader(bytes.NewReader(data[:100])), nil)
	if err != nil || o.Size != 100 {
		t.Fatalf("Put = %v, %v", o, err)
	}
	o, err = b.Put(t.Context(), "a", struct{ io.Reader }{bytes.NewReader(data)},
		&storage.PutOptions{IfAbsent: true})
	if err != nil || o.Size != int64(len(data)) {
		t.Fatalf("Put = %v, %v", o, err)
	}
	got, err := b.ReadAll(t.Context(), "a", nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("ReadAll: %d bytes, %v", len(got), err)
	}
	broken := io.MultiReader(bytes.NewReader(data), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := b.Put(t.Context(), "c", broken, nil); err == nil {
		t.Error("Put of a broken source succeeded")
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, bb := range []struct {
		name string
		size int64
	}{{"1KiB", 1 << 10}, {"8MiB", 8 << 20}} {
		b.Run(bb.name, func(b *testing.B) {
			s, err := New(b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			data := bytes.Repeat([]byte("x"), int(bb.size))
			b.SetBytes(bb.size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Put(b.Context(), "a/b/c", bytes.NewReader(data), bb.size,
					new(storage.PutOptions)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := New(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	data := bytes.Repeat([]byte("x"), 1<<20)
	if _, err := s.Put(b.Context(),
		"a/b/c", bytes.NewReader(data), 1<<20, new(storage.PutOptions)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	buffer := make([]byte, 256<<10)
	for b.Loop() {
		r, err := s.Get(b.Context(), "a/b/c", new(storage.GetOptions))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r.Body},
			buffer); err != nil {
			b.Fatal(err)
		}
		r.Body.Close()
	}
}

func BenchmarkStat(b *testing.B) {
	s, err := New(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Put(b.Context(),
		"a/b/c", bytes.NewReader(nil), 0, new(storage.PutOptions)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Stat(b.Context(), "a/b/c", new(storage.StatOptions)); err != nil {
			b.Fatal(err)
		}
	}
}
