package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

func init() { works["counted calls"] = countCalls }

// counted are calls of a Bucket and how many system calls each makes at most, without those that
// close. A call of a new name looks at the second place where its object could be, too. A directory
// above that changed in the last maxTick is synced as well.
var counted = []struct {
	name    string
	key     string
	sidecar bool
	most    int
	call    func(ctx context.Context, b *storage.Bucket, key string) error
}{
	{"Get", "k", false, 5, countedGet}, // look, open, attributes, read, fstat
	{"Get", "d/k", false, 6, countedGet},
	{"Get", "d/e/f/g/k", false, 6, countedGet},
	{"Get", "d/k", true, 11, countedGet},
	{"Get", "d/foreign", false, 9, countedGet}, // there might be a sidecar
	{"Stat", "d/k", false, 4, countedStat},
	{"overwrite", "d/k", false, 33, countedPut},
	{"new", "d/new", false, 36, countedPut},
	{"new", "d/new", true, 96, countedPut},
}

func countedGet(ctx context.Context, b *storage.Bucket, key string) error {
	_, err := b.ReadAll(ctx, key, nil)
	return err
}

func countedStat(ctx context.Context, b *storage.Bucket, key string) error {
	_, err := b.Stat(ctx, key, nil)
	return err
}

func countedPut(ctx context.Context, b *storage.Bucket, key string) error {
	_, err := b.WriteAll(ctx, key, make([]byte, 4<<10), nil)
	return err
}

// What a small object costs in system calls.
func TestSystemCalls(t *testing.T) {
	if why := injectable(); why != "" {
		t.Skip(why)
	}
	c, out := startChild(t, "counted calls", t.TempDir())
	if err := c.Wait(); err != nil {
		t.Errorf("child: %v", err)
	}
	t.Logf("\n%s", out)
}

// countCalls is the child.
func countCalls(s *Store) error {
	in, err := inject()
	if err != nil {
		return err
	}
	var all error
	for i, c := range counted {
		made, err := callsOf(in, filepath.Join(s.dir, fmt.Sprint(i)), c.sidecar,
			func(b *storage.Bucket) error { return c.call(context.Background(), b, c.key) })
		fmt.Printf("%s of %q, sidecars %v: %d calls: %s\n", c.name, c.key, c.sidecar, len(made),
			strings.Join(made, " "))
		switch {
		case err != nil:
			all = errors.Join(all, err)
		case len(made) > c.most || len(made) < 4:
			all = errors.Join(all, fmt.Errorf("%s of %q, sidecars %v: %d calls, at most %d",
				c.name, c.key, c.sidecar, len(made), c.most))
		}
	}
	return all
}

// callsOf returns the system calls of a call on a fresh directory with some objects, which has been
// synced.
func callsOf(
	in *injector, dir string, sidecars bool, call func(b *storage.Bucket) error,
) ([]string, error) {
	s, err := New(dir, &Options{CreateDir: true})
	if err != nil {
		return nil, err
	}
	s.noXattr = sidecars
	b := storage.New(s, nil)
	defer b.Close()
	for _, key := range []string{"k", "d/k", "d/e/f/g/k"} {
		if err := countedPut(context.Background(), b, key); err != nil {
			return nil, err
		}
	}
	other := filepath.Join(dir, "d/foreign")
	if err := os.WriteFile(other, make([]byte, 4<<10), 0o600); err != nil {
		return nil, err
	}
	if !s.root.fast() || !sidecars && !keepsAttrs(s, "d/k") {
		return make([]string, 4), nil // the system has no openat2, or keeps no attributes
	}
	in.arm(dir, 0, 0)
	defer in.disarm()
	err = call(b)
	return in.made(), err
}
