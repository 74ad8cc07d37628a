package storage_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// summed is a Store that says of every object that it has these sums, and no others.
type summed struct {
	storage.FullStore
	sums storage.Checksums
}

func (s summed) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Object.Checksums = s.sums
	}
	return r, err
}

// TestVerifyHash checks a hash if it is asked to, and only then; a CRC always; a range never.
func TestVerifyHash(t *testing.T) {
	data := bytesOf(4*partSize + 1)
	right := md5.Sum(data)
	wrong := make([]byte, 16)
	for name, c := range map[string]struct {
		sums storage.Checksums
		opts storage.GetOptions
		want error
	}{
		"right hash": {storage.Checksums{MD5: right[:]},
			storage.GetOptions{VerifyHash: true}, nil},
		"wrong hash": {storage.Checksums{MD5: wrong},
			storage.GetOptions{VerifyHash: true}, storage.ErrIntegrity},
		"wrong hash, not asked": {storage.Checksums{MD5: wrong}, storage.GetOptions{}, nil},
		"wrong hash, of a range": {storage.Checksums{MD5: wrong},
			storage.GetOptions{VerifyHash: true, Offset: 1}, nil},
		"wrong CRC": {storage.Checksums{CRC32: wrong[:4]}, storage.GetOptions{},
			storage.ErrIntegrity},
		"wrong CRC, of a range": {storage.Checksums{CRC32: wrong[:4]},
			storage.GetOptions{Length: 10}, nil},
		"no sums": {storage.Checksums{}, storage.GetOptions{VerifyHash: true}, nil},
	} {
		for _, workers := range []int{1, 4} {
			m := newMemory(t)
			b := storage.New(summed{m, c.sums}, &storage.Options{PartSize: partSize})
			if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
				t.Fatal(err)
			}
			opts := c.opts
			opts.Concurrency = workers
			if _, err := b.ReadAll(t.Context(), "k", &opts); !errors.Is(err, c.want) {
				t.Errorf("%s, ReadAll with %d workers: %v, want %v", name, workers, err, c.want)
			}
			path := filepath.Join(t.TempDir(), "file")
			if _, err := b.DownloadFile(t.Context(), "k", path, &opts); !errors.Is(err, c.want) {
				t.Errorf("%s, DownloadFile with %d workers: %v, want %v", name, workers, err,
					c.want)
			}
			b.Close()
		}
	}
}

// TestReaders holds what reads against testing/iotest, with a connection that breaks now and then.
func TestReaders(t *testing.T) {
	for _, size := range []int{0, 1, 100, 305} {
		data := bytesOf(size)
		s := fault.New(newMemory(t))
		b := storage.New(s, &storage.Options{PartSize: 100,
			Retry: storage.RetryOptions{MinDelay: 1, Budget: -1}})
		if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			s.Reset()
			s.Add(fault.Rule{Op: "Get", Skip: 1, Times: 7, Fault: fault.Cut(3)})
			rd, err := b.Get(t.Context(), "k", &storage.GetOptions{Concurrency: workers})
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(onlyReader{rd}, data); err != nil {
				t.Errorf("Reader of %d bytes with %d workers: %v", size, workers, err)
			}
			rd.Close()
		}
		s.Reset()
		s.Add(fault.Rule{Op: "Get", Skip: 1, Times: 7, Fault: fault.Cut(3)})
		ra, err := b.NewReaderAt(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(ra, data); err != nil {
			t.Errorf("ReaderAt of %d bytes: %v", size, err)
		}
		ra.Close()
		b.Close()
	}
}

// TestReadRanges merges near ranges into one request, whatever their order, and asks for far ones
// separately.
func TestReadRanges(t *testing.T) {
	const size = 1 << 20
	data := bytesOf(size)
	b, s := newBucket(t, storage.Options{PartSize: 4 << 20})
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	ra, err := b.NewReaderAt(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ra.Close()
	for name, c := range map[string]struct {
		ranges   []storage.Range
		requests int
	}{
		"none": {nil, 0},
		"empty": {[]storage.Range{{Offset: 5}, {Offset: size, Length: 5},
			{Offset: 2 * size, Length: 1}}, 0},
		"one": {[]storage.Range{{Offset: 5, Length: 10}}, 1},
		"near": {[]storage.Range{{Offset: 1000, Length: 10}, {Offset: 5, Length: 3},
			{Offset: 8, Length: 2}}, 1},
		"overlapping": {[]storage.Range{{Offset: 0, Length: 100}, {Offset: 10, Length: 5},
			{Offset: 50, Length: 100}}, 1},
		"far":        {[]storage.Range{{Offset: 900_000, Length: 10}, {Offset: 0, Length: 10}}, 2},
		"at the end": {[]storage.Range{{Offset: size - 5, Length: 100}}, 1},
		"the same":   {[]storage.Range{{Offset: 7, Length: 7}, {Offset: 7, Length: 7}}, 1},
	} {
		s.Reset()
		got, err := ra.ReadRanges(c.ranges)
		if err != nil || len(got) != len(c.ranges) {
			t.Errorf("%s: %d results, %v", name, len(got), err)
			continue
		}
		for i, r := range c.ranges {
			want := data[min(r.Offset, size):min(r.Offset+r.Length, size)]
			if !bytes.Equal(got[i], want) || got[i] == nil {
				t.Errorf("%s: range %d is %d bytes, want %d", name, i, len(got[i]), len(want))
			}
		}
		if n := s.Count("Get"); n != c.requests {
			t.Errorf("%s: %d requests, want %d", name, n, c.requests)
		}
	}
	for _, r := range []storage.Range{{Offset: -1, Length: 1}, {Length: -1}} {
		if _, err := ra.ReadRanges([]storage.Range{r}); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("ReadRanges(%v) = %v, want %v", r, err, storage.ErrInvalid)
		}
	}
	if _, err := ra.ReadAt(make([]byte, 1), -1); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("ReadAt(-1) = %v, want %v", err, storage.ErrInvalid)
	}
	if _, err := ra.Seek(-1, io.SeekStart); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("Seek(-1) = %v, want %v", err, storage.ErrInvalid)
	}
}
