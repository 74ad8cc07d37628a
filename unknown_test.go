package storage_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

// unsized is a Store that does not know how long objects are, as one behind a proxy that answers in
// chunks.
type unsized struct {
	storage.FullStore
	whole  bool  // a range is answered by the whole object, too
	breaks int64 // where bodies break; 0: nowhere
	etag   string
	sums   storage.Checksums
	gets   int
}

func (s *unsized) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	s.gets++
	o := *opts
	if s.whole {
		o.Offset, o.Length = 0, 0
	}
	r, err := s.FullStore.Get(ctx, key, &o)
	if err != nil {
		return nil, err
	}
	if o.Offset == 0 && o.Length == 0 {
		body := io.Reader(r.Body)
		if s.breaks > 0 {
			cut := iotest.ErrReader(io.ErrUnexpectedEOF)
			body = io.MultiReader(io.LimitReader(body, s.breaks), cut)
		}
		r.Body, r.Length, r.Object.Size = io.NopCloser(body), -1, -1
	}
	r.Object.Checksums = s.sums
	if s.etag != "" {
		r.Object.ETag = s.etag
	}
	return r, nil
}

func (s *unsized) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := s.FullStore.Stat(ctx, key, opts)
	if err == nil {
		o.Size = -1
	}
	return o, err
}

// newUnsized has data under k.
func newUnsized(t *testing.T, data []byte) (*unsized, *storage.Bucket) {
	t.Helper()
	s := &unsized{FullStore: newMemory(t)}
	b := storage.New(s, &storage.Options{PartSize: partSize})
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	return s, b
}

// An object whose length nobody says is read to its end, in order, and its checksum is held.
func TestUnknownLength(t *testing.T) {
	for _, n := range []int{0, 1, 3*partSize + 1} {
		data := bytesOf(n)
		s, b := newUnsized(t, data)
		crc := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		s.sums.CRC32C = []byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)}
		ctx := t.Context()
		for _, workers := range []int{1, 4} {
			opts := &storage.GetOptions{Concurrency: workers}
			if got, err := b.ReadAll(ctx, "k", opts); !bytes.Equal(got, data) || err != nil {
				t.Errorf("%d bytes: ReadAll has %d, %v", n, len(got), err)
			}
			path := filepath.Join(t.TempDir(), "file")
			if _, err := b.DownloadFile(ctx, "k", path, opts); err != nil {
				t.Errorf("%d bytes: DownloadFile: %v", n, err)
			}
			if got, err := os.ReadFile(path); !bytes.Equal(got, data) || err != nil {
				t.Errorf("%d bytes: the file has %d, %v", n, len(got), err)
			}
		}
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Len() != -1 || r.Offset() != 0 {
			t.Errorf("Len %d, Offset %d", r.Len(), r.Offset())
		}
		if m, err := r.Read(nil); m != 0 || err != nil {
			t.Errorf("Read(nil) = %d, %v", m, err)
		}
		if err := iotest.TestReader(r, data); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		r.Close()
		dst := storage.New(newMemory(t), &storage.Options{PartSize: partSize})
		if _, err := storage.CopyObject(ctx, dst, "l", b, "k", nil); err != nil {
			t.Errorf("%d bytes: CopyObject: %v", n, err)
		}
		if got, err := dst.ReadAll(ctx, "l", nil); !bytes.Equal(got, data) || err != nil {
			t.Errorf("%d bytes: the copy has %d, %v", n, len(got), err)
		}
		s.sums.CRC32C = []byte{1, 2, 3, 4}
		if _, err := b.ReadAll(ctx, "k", nil); !errors.Is(err, storage.ErrIntegrity) {
			t.Errorf("%d bytes with another sum: %v", n, err)
		}
	}
}

// What takes a length is refused, and a range that the service has no length for ends where it is
// told to.
func TestUnknownLengthOfRanges(t *testing.T) {
	data := bytesOf(100)
	s, b := newUnsized(t, data)
	s.whole = true
	ctx := t.Context()
	got, err := b.ReadAll(ctx, "k", &storage.GetOptions{Length: 10})
	if !bytes.Equal(got, data[:10]) || err != nil {
		t.Errorf("the first bytes: %d, %v", len(got), err)
	}
	got, err = b.ReadAll(ctx, "k", &storage.GetOptions{Length: 1000})
	if !bytes.Equal(got, data) || err != nil {
		t.Errorf("more than there is: %d, %v", len(got), err)
	}
	for _, offset := range []int64{10, -10} {
		_, err := b.ReadAll(ctx, "k", &storage.GetOptions{Offset: offset})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("from %d: %v", offset, err)
		}
	}
	if r, err := b.NewReaderAt(ctx, "k", nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("NewReaderAt = %v, %v", r, err)
	}
}

// A body without a length that breaks is gone on with where the service has ranges and an ETag, and
// is never taken for a short object.
func TestUnknownLengthBroken(t *testing.T) {
	data := bytesOf(100)
	for name, c := range map[string]struct {
		etag  string
		whole bool
		read  bool
	}{
		"ranges":    {"", false, true},
		"no ETag":   {storage.ETagNone, false, false},
		"no ranges": {"", true, false},
	} {
		s, b := newUnsized(t, data)
		s.breaks, s.etag, s.whole = 50, c.etag, c.whole
		got, err := b.ReadAll(t.Context(), "k", nil)
		if c.read && (!bytes.Equal(got, data) || err != nil) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		broken := errors.Is(err, storage.ErrUnavailable) && errors.Is(err, io.ErrUnexpectedEOF)
		if !c.read && !broken {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// piecewise is a Store that gives at most n bytes of what it is asked for.
type piecewise struct {
	storage.FullStore
	n    int64
	gets int
}

func (s *piecewise) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	s.gets++
	o := *opts
	if o.Length == 0 || o.Length > s.n {
		o.Length = s.n
	}
	return s.FullStore.Get(ctx, key, &o)
}

// A part of what was asked for is read on, without a word about retries: it is no failure.
func TestShortRange(t *testing.T) {
	data := bytesOf(300)
	s := &piecewise{FullStore: newMemory(t), n: 2}
	b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{Attempts: 1, Budget: 1}})
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	got, err := b.ReadAll(t.Context(), "k", nil)
	if !bytes.Equal(got, data) || err != nil || s.gets != 150 {
		t.Errorf("%d bytes by %d requests, %v", len(got), s.gets, err)
	}
}
