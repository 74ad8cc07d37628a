// Command child copies an object from each store to each other, reads it back, and prints what
// memory that took.
//
// It is a program of its own because the test that runs it is about memory: the test has a whole
// Cloud Storage in its own.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/all"
)

// memory is what the parts of each bucket may take together. A copy takes it twice, to read and to
// write, which stays far below the object.
const memory = 16 << 20

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) < 4 {
		return errors.New("usage: child BYTES URL URL [URL]")
	}
	size, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		return err
	}
	var stores []*store
	for _, u := range os.Args[2:] {
		b, err := storage.OpenWith(ctx, u, &storage.Options{Memory: memory})
		if err != nil {
			return err
		}
		defer b.Close()
		s := &store{b: b}
		s.scheme, _, _ = strings.Cut(u, "://")
		s.memory = s.scheme == "mem"
		if s.memory { // from here on the objects are this program's own
			printHighWater()
		}
		if err := s.fill(ctx, size); err != nil {
			return fmt.Errorf("%s: %w", s.scheme, err)
		}
		for _, other := range stores {
			for _, pair := range [...][2]*store{{other, s}, {s, other}} {
				growth, o, err := copyTo(ctx, pair[1], pair[0])
				if err != nil {
					return fmt.Errorf("from %s to %s: %w", pair[0].scheme, pair[1].scheme, err)
				}
				summed := o.Checksums.CRC32C != nil || o.Checksums.CRC64NVME != nil
				fmt.Printf("pair from=%s to=%s summed=%t growth=%d\n", pair[0].scheme,
					pair[1].scheme, summed, growth)
			}
		}
		stores = append(stores, s)
	}
	return nil
}

// A store has the object under key "source" and gets the copies.
type store struct {
	b      *storage.Bucket
	scheme string
	memory bool // what it holds is in this process
	sum    []byte
}

// attributes are those of every source. The text is one that no HTTP header carries as it is.
var attributes = storage.PutOptions{
	ContentType:        "application/x-five",
	ContentDisposition: `attachment; filename="five"`,
	CacheControl:       "no-cache",
	Metadata:           map[string]string{"plain": "a b", "text": " 五つ store è "},
}

// fill makes the source, with other bytes in each store.
func (s *store) fill(ctx context.Context, size int64) error {
	var seed [32]byte
	copy(seed[:], s.scheme)
	sum := sha256.New()
	_, err := s.b.Put(ctx, "source", io.TeeReader(io.LimitReader(rand.NewChaCha8(seed), size), sum),
		&attributes)
	s.sum = sum.Sum(nil)
	return err
}

// copyTo copies the source of src to dst and holds what arrived against it. It returns what a read
// says of the copy, and by how many bytes the heap was larger at the most than before, less what
// dst itself keeps there.
func copyTo(ctx context.Context, dst, src *store) (growth int64, o *storage.Object, err error) {
	runtime.GC() // what pools hold is gone after the second one
	before := heap()
	_, err = storage.CopyObject(ctx, dst.b, "copy", src.b, "source",
		&storage.CopyOptions{Progress: func(p storage.Progress) {
			now := heap() - before
			if dst.memory {
				now -= p.Done
			}
			growth = max(growth, now)
		}})
	if err != nil {
		return 0, nil, err
	}
	if o, err = compare(ctx, dst, src); err != nil {
		return 0, nil, err
	}
	return growth, o, dst.b.Delete(ctx, "copy", nil)
}

// heap is what is in use, after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// compare reads the copy.
func compare(ctx context.Context, dst, src *store) (*storage.Object, error) {
	r, err := dst.b.Get(ctx, "copy", nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return nil, err
	}
	o := r.Object()
	switch {
	case !bytes.Equal(sum.Sum(nil), src.sum):
		return nil, errors.New("other bytes")
	case o.ContentType != attributes.ContentType ||
		o.ContentDisposition != attributes.ContentDisposition ||
		o.CacheControl != attributes.CacheControl:
		return nil, fmt.Errorf("other headers: %+v", o)
	case !maps.Equal(o.Metadata, attributes.Metadata):
		return nil, fmt.Errorf("other metadata: %q", o.Metadata)
	}
	return o, nil
}

// printHighWater prints the most memory that the process has had resident, where that can be known.
func printHighWater() {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Printf("VmHWM=%s\n", strings.TrimSpace(v))
		}
	}
}
