// Package move is the programs that write a stream of unknown length to a bucket, read it back, and
// print what memory that took.
//
// They are programs of their own because the test that runs them is about memory: the race detector
// and the test's own allocations would be measured with it. Each has the providers of its name and
// no others, whose code would be in memory, too.
package move

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/bigstream/pattern"
)

// Main is the main function of such a program.
func Main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) != 4 {
		return errors.New("usage: PROGRAM URL BYTES MEMORY")
	}
	size, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		return err
	}
	memory, err := strconv.ParseInt(os.Args[3], 10, 64) // 0: the default
	if err != nil {
		return err
	}
	b, err := storage.OpenWith(ctx, os.Args[1], &storage.Options{Memory: memory})
	if err != nil {
		return err
	}
	defer b.Close()
	if err := measured("up", func() error { return up(ctx, b, size) }); err != nil {
		return err
	}
	if err := measured("down", func() error { return down(ctx, b, size) }); err != nil {
		return err
	}
	return b.Delete(ctx, key, nil)
}

const key = "big/stream"

// up gives the bytes as a stream: the only type that Put sees has a Read and nothing else.
func up(ctx context.Context, b *storage.Bucket, size int64) error {
	o, err := b.Put(ctx, key, &pattern.Reader{End: size}, nil)
	if err == nil && o.Size != size {
		err = fmt.Errorf("put %d bytes, want %d", o.Size, size)
	}
	return err
}

func down(ctx context.Context, b *storage.Bucket, size int64) error {
	r, err := b.Get(ctx, key, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	var c pattern.Checker
	if _, err := io.Copy(&c, r); err != nil {
		return err
	}
	if c.Off != size || c.Wrong {
		return fmt.Errorf("read %d bytes of %d, not the same: %t", c.Off, size, c.Wrong)
	}
	return nil
}

// measured runs f and prints how long it took, how many bytes it allocated, and how much memory the
// process had resident before it, and at the most.
func measured(way string, f func() error) error {
	debug.FreeOSMemory()
	// The peak so far is forgotten.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return err
	}
	base, err := resident("VmRSS:")
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	if err := f(); err != nil {
		return fmt.Errorf("%s: %w", way, err)
	}
	took := time.Since(start).Round(time.Millisecond)
	runtime.ReadMemStats(&after)
	peak, err := resident("VmHWM:")
	if err != nil {
		return err
	}
	fmt.Printf("%s took=%v allocated=%d base=%d peak=%d\n", way, took,
		after.TotalAlloc-before.TotalAlloc, base, peak)
	return nil
}

// resident is a size of /proc/self/status, in bytes.
func resident(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s", name)
}
