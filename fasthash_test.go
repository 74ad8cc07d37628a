package storage_test

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// hashing is a Store whose objects have a CRC64NVME and no other sum, and which has a hash of its
// own for that.
type hashing struct {
	storage.FullStore
	sum    []byte
	hashed atomic.Int64 // bytes, by that hash
}

func (s *hashing) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Object.Checksums = storage.Checksums{CRC64NVME: s.sum}
		r.NewCRC64NVME = func() hash.Hash { return &countedHash{crc64NVME(), &s.hashed} }
	}
	return r, err
}

type countedHash struct {
	hash.Hash
	n *atomic.Int64
}

func (h *countedHash) Write(p []byte) (int, error) {
	h.n.Add(int64(len(p)))
	return h.Hash.Write(p)
}

func crc64NVME() hash.Hash {
	for _, a := range storage.Algorithms() {
		if a.Name == "CRC64NVME" {
			return a.New()
		}
	}
	panic("no CRC64NVME")
}

// TestDriverHash verifies every kind of read by the driver's own CRC64NVME, since that of the
// standard library is ten times as slow: each byte once, and in a resumed download those that were
// there before, too.
func TestDriverHash(t *testing.T) {
	data := bytesOf(16 << 20)
	c := crc64NVME()
	c.Write(data)
	faulty := fault.New(newMemory(t))
	s := &hashing{FullStore: faulty, sum: c.Sum(nil)}
	b := storage.New(s, &storage.Options{
		PartSize: partSize, Retry: storage.RetryOptions{Attempts: 1},
	})
	defer b.Close()
	if _, err := b.WriteAll(t.Context(), "k", data, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	download := func(opts storage.GetOptions) error {
		_, err := b.DownloadFile(t.Context(), "k", target, &opts)
		return err
	}
	state := storage.GetOptions{StateFile: filepath.Join(dir, "state"), Concurrency: 1}
	resumed := func() error {
		faulty.Next("Get", fault.Cut(6<<20))
		faulty.Add(fault.Rule{Op: "Get", Times: fault.Always, Fault: fault.Unsent()})
		if err := download(state); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("the first call: %v", err)
		}
		s.hashed.Store(0)
		faulty.Reset()
		return download(state)
	}
	for _, read := range []struct {
		name string
		call func() error
	}{
		{"ReadAll", func() error {
			_, err := b.ReadAll(t.Context(), "k", nil)
			return err
		}},
		{"DownloadFile, one request", func() error {
			return download(storage.GetOptions{Concurrency: 1})
		}},
		{"DownloadFile", func() error { return download(storage.GetOptions{Concurrency: 4}) }},
		{"DownloadFile, resumed", resumed},
	} {
		s.hashed.Store(0)
		if err := read.call(); err != nil {
			t.Errorf("%s: %v", read.name, err)
		}
		if n := s.hashed.Load(); n != int64(len(data)) {
			t.Errorf("%s: the driver's hash had %d bytes, want %d", read.name, n, len(data))
		}
		if got, err := os.ReadFile(target); read.name != "ReadAll" &&
			(err != nil || !bytes.Equal(got, data)) {
			t.Errorf("%s: the file has %d bytes, %v", read.name, len(got), err)
		}
		os.Remove(target)
	}
}
