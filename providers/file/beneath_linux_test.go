package file

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

// outside makes a directory with a secret beside the one that the Store is in.
func outside(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "outside")
	if err := os.MkdirAll(filepath.Join(dir, "e"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"k", "e/k"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// names are those of the files below a directory.
func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, path := range files(t, dir) {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// untouched checks that what outside made is as it was.
func untouched(t *testing.T, dir string) {
	t.Helper()
	if diff := cmp.Diff([]string{"e/k", "k"}, names(t, dir)); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
	for _, name := range []string{"k", "e/k"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); string(b) != "secret" {
			t.Errorf("outside: %s is %q, %v", name, b, err)
		}
	}
}

// A link is no object and no directory, wherever it leads: with openat2 as without.
func TestLinksLeadNowhere(t *testing.T) {
	eachResolver(t, func(t *testing.T, s *Store, dir string) {
		out := outside(t)
		put(t, s, "in/e/k", "inside", nil)
		up, err := filepath.Rel(dir, out)
		if err != nil {
			t.Fatal(err)
		}
		links := map[string]string{
			"absolute": out, "up": up, "in-dir": "in", "in-file": "in/e/k", "loop": "loop",
			"to-file": filepath.Join(out, "k"), "dangling": "nothing", "proc": "/proc/self/root",
			"in/up": "../../" + filepath.Base(dir) + "/in", "in/twin.": out,
		}
		for name, target := range links {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		ctx := t.Context()
		for name := range links {
			name = strings.TrimSuffix(name, mark)
			for _, key := range []string{name, name + "/k", name + "/e/k"} {
				if data, _, err := tryGet(ctx, s, key); !errors.Is(err, storage.ErrNotExist) {
					t.Errorf("Get(%q) = %q, %v; want ErrNotExist", key, data, err)
				}
				_, err := s.Stat(ctx, key, new(storage.StatOptions))
				if !errors.Is(err, storage.ErrNotExist) {
					t.Errorf("Stat(%q): %v, want ErrNotExist", key, err)
				}
				if err := s.Delete(ctx, key, new(storage.DeleteOptions)); err != nil {
					t.Errorf("Delete(%q): %v", key, err)
				}
			}
			if got := list(t, s, storage.ListOptions{Prefix: name + "/"}); len(got) > 0 {
				t.Errorf("below %s: %q", name, got)
			}
		}
		if got := list(t, s, storage.ListOptions{}); fmt.Sprint(got) != "[in/e/k]" {
			t.Errorf("list = %q", got)
		}
		for name := range links {
			if strings.HasSuffix(name, mark) {
				continue
			}
			// A key below a link goes beside it; a key in its place replaces it.
			for _, key := range []string{name + "/e/k", name} {
				put(t, s, key, "new", nil)
				if got := get(t, s, key); got != "new" {
					t.Errorf("%s is %q", key, got)
				}
			}
		}
		if got := get(t, s, "in/e/k"); got != "inside" {
			t.Errorf("a write through a link: in/e/k is %q", got)
		}
		untouched(t, out)
	})
}

// A directory that is exchanged with a link again and again leads no call outside.
func TestLinkRaces(t *testing.T) {
	eachResolver(t, func(t *testing.T, s *Store, dir string) {
		out := outside(t)
		for _, key := range []string{"d/k", "d/e/k", "d/e/f/k"} {
			put(t, s, key, "inside", nil)
		}
		d, trap := filepath.Join(dir, "d"), filepath.Join(t.TempDir(), "trap")
		if err := os.Symlink(out, trap); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		var swapping, working sync.WaitGroup
		swapping.Go(func() {
			for n := 0; ; n++ {
				err := unix.Renameat2(unix.AT_FDCWD, d, unix.AT_FDCWD, trap, unix.RENAME_EXCHANGE)
				if err != nil {
					t.Errorf("exchange %d: %v", n, err)
					return
				}
				select {
				case <-done:
					if n%2 == 1 {
						return
					}
				default:
				}
			}
		})
		ctx := t.Context()
		for i := range 4 {
			working.Go(func() {
				for n := range 150 {
					key := []string{"d/k", "d/e/k", "d/e/f/k"}[n%3]
					data, _, err := tryGet(ctx, s, key)
					if err == nil && data == "secret" {
						t.Errorf("Get(%q) = %q", key, data)
					}
					if n%3 > 0 { // the directory d itself stays
						continue
					}
					new := fmt.Sprintf("d/e/new-%d-%d", i, n)
					if _, err := tryPut(ctx, s, new, "inside", nil); err == nil {
						s.Delete(ctx, new, &storage.DeleteOptions{})
					}
					p, err := s.ListPage(ctx, &storage.ListOptions{Prefix: "d/"})
					if err != nil {
						continue
					}
					for _, o := range p.Objects {
						if o.Key == "d/k" && o.Size != int64(len("inside")) && o.Size != 0 {
							// "secret" and "inside" have the same size: what tells is the ETag.
							t.Errorf("listed %q of %d bytes", o.Key, o.Size)
						}
						if o.Key == "d/k" && o.Checksums.CRC32C == nil {
							t.Errorf("%q, another program's, is in the list", o.Key)
						}
					}
				}
			})
		}
		working.Wait()
		close(done)
		swapping.Wait()
		untouched(t, out)
	})
}

// eachResolver runs a test with openat2, without it, and where it is refused once the Store is
// open.
func eachResolver(t *testing.T, f func(t *testing.T, s *Store, dir string)) {
	t.Run("openat2", func(t *testing.T) {
		s, dir := newStore(t)
		if !s.root.fast() {
			t.Skip("the system has no openat2")
		}
		f(t, s, dir)
	})
	t.Run("without", func(t *testing.T) {
		s, dir := newStore(t)
		withoutOpenat2(s)
		f(t, s, dir)
	})
	t.Run("refused now and then", func(t *testing.T) {
		s, dir := newStore(t)
		s.root.sys.resolve = func() error {
			if rand.IntN(20) > 0 { // maxAgain times in a row, as often as not
				return unix.EAGAIN
			}
			return nil
		}
		f(t, s, dir)
	})
	for _, err := range []error{unix.EAGAIN, unix.ENOSYS, unix.EPERM} {
		t.Run("refused with "+err.Error(), func(t *testing.T) {
			s, dir := newStore(t)
			s.root.sys.resolve = func() error { return err }
			f(t, s, dir)
		})
	}
}

// What openat2 says under races is asked again, a bounded number of times.
func TestResolveAgain(t *testing.T) {
	s, _ := newStore(t)
	if !s.root.fast() {
		t.Skip("the system has no openat2")
	}
	put(t, s, "d/e/k", "data", nil)
	for _, tt := range []struct {
		fails int // calls, one after the other
		want  bool
	}{{0, true}, {1, true}, {maxAgain - 1, true}, {maxAgain, false}} {
		n := 0
		s.root.sys.resolve = func() error {
			if n++; n <= tt.fails {
				return syscall.EAGAIN
			}
			return nil
		}
		fi, ok, err := s.root.lstatFast("d/e/k")
		if ok != tt.want || err != nil || ok && fi.Size() != 4 {
			t.Errorf("after %d failures: %v, %v, %v; want %v", tt.fails, fi, ok, err, tt.want)
		}
		n = 0
		if got := get(t, s, "d/e/k"); got != "data" {
			t.Errorf("after %d failures: %q", tt.fails, got)
		}
	}
}

// What our own system calls say of a file is what package os says of it.
func TestInfo(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "data", nil)
	if err := os.Symlink("k", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "k"), 0o751|os.ModeSetgid|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"k", "link", "pipe", "tmp.", "."} {
		want, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, ok, err := s.root.lstatFast(name)
		if !ok {
			t.Skip("the system has no openat2")
		}
		if err != nil || got.Mode() != want.Mode() || got.Size() != want.Size() ||
			!got.ModTime().Equal(want.ModTime()) || got.IsDir() != want.IsDir() ||
			inode(got) != inode(want) || ctime(got) != ctime(want) || !sameOwner(got, want) ||
			unlinked(got) || !sameFile(got, want) {
			t.Errorf("%s: %v %v %v, want %v", name, got, err, got.Sys(), want.Sys())
		}
	}
}

// An object that is open is closed once, and not while it is read.
func TestObjectClose(t *testing.T) {
	s, _ := newStore(t)
	put(t, s, "k", strings.Repeat("data", 1000), nil)
	for range 100 {
		o := new(object)
		if err := s.root.openObject("k", o); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				b := make([]byte, 4000)
				for {
					n, err := o.ReadAt(b, 0)
					if errors.Is(err, os.ErrClosed) {
						return
					}
					if n != len(b) || err != nil || string(b[:4]) != "data" {
						t.Errorf("read %d bytes, %v", n, err)
						return
					}
				}
			})
		}
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if err := o.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed again: %v", err)
		}
		wg.Wait()
		if _, err := o.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Stat behind Close: %v", err)
		}
	}
}
