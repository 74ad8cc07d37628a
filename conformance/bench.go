package conformance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// Bench measures a bucket through a [storage.Bucket], as programs use it. Objects of 4 KiB are
// written, read, looked up, deleted and listed in pages of 1,000. An object of 64 MiB is written
// and read. Each benchmark is named for what it measures and reports allocations. Those that move
// bytes also report bytes per second.
//
// Bench uses only Open and Prefix of the options. It deletes what it wrote.
func Bench(b *testing.B, o Options) {
	b.Helper()
	if o.Open == nil {
		b.Fatal("conformance: Options.Open is nil")
	}
	s, err := o.Open(b.Context())
	if err != nil {
		b.Fatalf("conformance: open: %v", err)
	}
	bucket := storage.New(s, nil)
	defer func() {
		if err := bucket.Close(); err != nil {
			b.Errorf("Close: %v", err)
		}
	}()
	prefix := o.Prefix + "bench-" + strings.ToLower(rand.Text()[:8]) + "/"
	defer func() {
		// The context of the benchmark lives as long as its function runs.
		if _, err := bucket.DeletePrefix(b.Context(), prefix, nil); err != nil {
			b.Errorf("DeletePrefix: %v", err)
		}
	}()
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			below := bucket.Prefix(prefix + bm.name + "/")
			step, err := bm.prepare(b.Context(), b, below)
			if errors.Is(err, errors.ErrUnsupported) {
				b.Skipf("unsupported: %v", err)
			}
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(bm.bytes)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := step(n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

const (
	benchSmall = 4 << 10
	benchLarge = 64 << 20
	benchPage  = 1000
)

// A benchmark prepares what its step needs. A step is called with 0, 1, 2 and so on, and is what is
// measured.
type benchmark struct {
	name    string
	bytes   int64
	prepare func(
		ctx context.Context, b *testing.B, bucket *storage.Bucket,
	) (step func(n int) error, err error)
}

var benchmarks = []benchmark{
	{"Put4KiB", benchSmall, benchPut(benchSmall)},
	{"Get4KiB", benchSmall, benchGet(benchSmall)},
	{"Stat", 0, func(
		ctx context.Context, _ *testing.B, bucket *storage.Bucket,
	) (func(int) error, error) {
		_, err := bucket.Put(ctx, "k", strings.NewReader("x"), nil)
		return func(int) error {
			_, err := bucket.Stat(ctx, "k", nil)
			return err
		}, err
	}},
	{"Delete", 0, benchDelete},
	{"List1000", 0, benchList},
	{"Put64MiB", benchLarge, benchPut(benchLarge)},
	{"Get64MiB", benchLarge, benchGet(benchLarge)},
}

func benchPut(
	size int,
) func(context.Context, *testing.B, *storage.Bucket) (func(int) error, error) {
	return func(
		ctx context.Context, _ *testing.B, bucket *storage.Bucket,
	) (func(int) error, error) {
		data := benchData(size)
		return func(int) error {
			_, err := bucket.Put(ctx, "k", bytes.NewReader(data), nil)
			return err
		}, nil
	}
}

func benchGet(
	size int,
) func(context.Context, *testing.B, *storage.Bucket) (func(int) error, error) {
	return func(
		ctx context.Context, _ *testing.B, bucket *storage.Bucket,
	) (func(int) error, error) {
		_, err := bucket.Put(ctx, "k", bytes.NewReader(benchData(size)), nil)
		return func(int) error {
			r, err := bucket.Get(ctx, "k", nil)
			if err != nil {
				return err
			}
			n, err := r.WriteTo(io.Discard)
			if err == nil && n != int64(size) {
				err = fmt.Errorf("read %d bytes of %d", n, size)
			}
			if cerr := r.Close(); err == nil {
				err = cerr
			}
			return err
		}, err
	}
}

// benchDelete deletes objects that are there: they are made in portions, outside of what is
// measured.
func benchDelete(
	ctx context.Context, b *testing.B, bucket *storage.Bucket,
) (func(int) error, error) {
	const portion = 256
	return func(n int) error {
		if n%portion == 0 {
			b.StopTimer()
			err := benchFill(ctx, bucket, n, portion)
			b.StartTimer()
			if err != nil {
				return err
			}
		}
		return bucket.Delete(ctx, benchKey(n), nil)
	}, nil
}

func benchList(ctx context.Context, _ *testing.B, bucket *storage.Bucket) (func(int) error, error) {
	return func(int) error {
		page, err := bucket.ListPage(ctx, &storage.ListOptions{PageSize: benchPage})
		if err == nil && len(page.Objects) != benchPage {
			err = fmt.Errorf("a page of %d objects, want %d", len(page.Objects), benchPage)
		}
		return err
	}, benchFill(ctx, bucket, 0, benchPage)
}

func benchKey(n int) string { return fmt.Sprintf("%09d", n) }

// benchFill writes the objects first to first+n-1, eight at a time.
func benchFill(ctx context.Context, bucket *storage.Bucket, first, n int) error {
	errs := make([]error, 8)
	parallel(len(errs), func(worker int) {
		for i := first + worker; i < first+n && errs[worker] == nil; i += len(errs) {
			_, errs[worker] = bucket.Put(ctx, benchKey(i), strings.NewReader("x"), nil)
		}
	})
	return errors.Join(errs...)
}

// benchData does not compress: some services store what does as less.
func benchData(size int) []byte {
	data := make([]byte, size)
	rand.Read(data) // never fails
	return data
}
