// Command child writes a stream of unknown length to a bucket, reads it back, and prints what that
// took.
//
// It is a program of its own because the test that runs it is about memory: the race detector and
// the test's own allocations would be measured with it.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/file"
	_ "github.com/polystore/storage/providers/s3"
)

// memory is what the parts may take together: a quarter of the default, so that the bound of the
// test shows that nothing else grows.
const memory = 32 << 20

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: child URL BYTES")
	}
	size, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		return err
	}
	ctx := context.Background()
	b, err := storage.OpenWith(ctx, os.Args[1], &storage.Options{Memory: memory})
	if err != nil {
		return err
	}
	defer b.Close()

	// The only type that Put sees has a Read and nothing else.
	sum := sha256.New()
	start := time.Now()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{42}), size), sum)
	o, err := b.Put(ctx, "big/stream", source, nil)
	if err != nil {
		return err
	}
	put := time.Since(start)
	if o.Size != size {
		return fmt.Errorf("put %d bytes, want %d", o.Size, size)
	}

	start = time.Now()
	r, err := b.Get(ctx, "big/stream", nil)
	if err != nil {
		return err
	}
	defer r.Close()
	back := sha256.New()
	if n, err := io.Copy(back, r); err != nil || n != size {
		return fmt.Errorf("read %d bytes of %d: %w", n, size, err)
	}
	get := time.Since(start)
	if a, b := hex.EncodeToString(sum.Sum(nil)), hex.EncodeToString(back.Sum(nil)); a != b {
		return fmt.Errorf("sha256 sent %s, came back %s", a, b)
	}
	if err := b.Delete(ctx, "big/stream", nil); err != nil {
		return err
	}
	hwm, err := highWater()
	if err != nil {
		return err
	}
	fmt.Printf("bytes=%d put=%s get=%s VmHWM=%d kB\n", size, put.Round(time.Millisecond),
		get.Round(time.Millisecond), hwm)
	return nil
}

// highWater is the most memory that the process has had resident, in kB.
func highWater() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			return strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
		}
	}
	return 0, errors.New("no VmHWM")
}
