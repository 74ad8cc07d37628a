package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

// opens counts how often the directories of a tree are opened while f runs. The kernel counts, so
// what the standard library does below a Root is in it.
func opens(t *testing.T, dir string, f func()) (n int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Skipf("no inotify: %v", err)
	}
	watch := os.NewFile(uintptr(fd), "inotify")
	defer watch.Close()
	err = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		// With the closes between them, no two opens of one directory are joined.
		_, err = unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_CLOSE)
		return err
	})
	if err != nil {
		t.Skipf("watching %s: %v", dir, err)
	}
	buffer := make([]byte, 1<<20)
	count := func() (n int) {
		for {
			size, err := unix.Read(fd, buffer)
			if err == unix.EAGAIN {
				return n
			}
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < size; {
				e := (*unix.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				if e.Mask&unix.IN_Q_OVERFLOW != 0 {
					t.Fatal("more events than the system keeps")
				}
				if e.Mask&unix.IN_OPEN != 0 && e.Len == 0 { // its own, and not of an entry
					n++
				}
				at += unix.SizeofInotifyEvent + int(e.Len)
			}
		}
	}
	count() // of the walk
	f()
	return count()
}

// What a key costs grows with its depth and not with the square of it: users who choose keys would
// choose what they cost.
func TestDepthIsLinear(t *testing.T) {
	t.Run("without openat2", func(t *testing.T) {
		s, dir := newStore(t)
		withoutOpenat2(s)
		depthIsLinear(t, s, dir, 254)
	})
	t.Run("where names fold", func(t *testing.T) {
		s, dir := newStore(t)
		withoutOpenat2(s)
		put(t, s, "k", "", nil) // after which what the file system does is known
		s.exactCase.Store(true)
		depthIsLinear(t, s, dir, 120) // the system keeps 16,384 events, four for an open
	})
}

// withoutOpenat2 makes a Store that of a system whose kernel resolves no paths.
func withoutOpenat2(s *Store) {
	s.root.closeFast()
	s.root.fd, s.root.kept = -1, nil
}

// What makes no directories costs the same at every depth: an object that is there, and a key that
// is not. What cleans up or makes something goes down by one directory after the other.
func TestDepthCalls(t *testing.T) {
	s, _ := newStore(t)
	if !s.root.fast() {
		t.Skip("the system has no openat2")
	}
	const deep = 254
	key := strings.Repeat("x/", deep-1) + "y"
	shallow := "z/y"
	ctx := t.Context()
	for _, k := range []string{key, shallow} {
		put(t, s, k, "data", nil)
		put(t, s, k+"-other", "data", nil)
	}
	for _, op := range []struct {
		name       string
		do         func(key string) error
		base, each int // calls at any depth, and for each segment
	}{
		{"Get", func(key string) error { _, _, err := tryGet(ctx, s, key); return err }, 3, 0},
		{"Stat", func(key string) error {
			_, err := s.Stat(ctx, key, new(storage.StatOptions))
			return err
		}, 3, 0},
		{"a miss", func(key string) error {
			_, err := s.Stat(ctx, key+"-none", new(storage.StatOptions))
			if errors.Is(err, storage.ErrNotExist) {
				return nil
			}
			return errors.Join(err, errors.New("found"))
		}, 10, 0},
		{"Put over an object", func(key string) error {
			_, err := tryPut(ctx, s, key, "data", nil)
			return err
		}, 50, 2},
		{"Delete", func(key string) error {
			return s.Delete(ctx, key, new(storage.DeleteOptions))
		}, 60, 3},
	} {
		for k, depth := range map[string]int{shallow: 2, key: deep} {
			n := 0
			s.root.sys.called = func(string) { n++ }
			err := op.do(k)
			s.root.sys.called = nil
			if err != nil {
				t.Errorf("%s: %v", op.name, err)
			}
			t.Logf("%s of a key of %d segments makes %d calls with paths", op.name, depth, n)
			if most := op.base + op.each*depth; n > most || n < 2 {
				t.Errorf("%s of a key of %d segments makes %d calls with paths, want at most %d",
					op.name, depth, n, most)
			}
		}
	}
}

func depthIsLinear(t *testing.T, s *Store, dir string, deep int) {
	key := func(depth int) string {
		return fmt.Sprintf("%d/%sy", depth, strings.Repeat("x/", depth-2))
	}
	for _, depth := range []int{deep / 2, deep} {
		put(t, s, key(depth), "data", nil)
		// keeps the directories of those that are deleted
		put(t, s, key(depth)+"-other", "data", nil)
	}
	ctx := t.Context()
	for _, op := range []struct {
		name  string
		do    func(key string) error
		level int // opens of directories for each segment, where names do not fold
	}{
		{"Get", func(key string) error { _, _, err := tryGet(ctx, s, key); return err }, 2},
		{"Stat", func(key string) error {
			_, err := s.Stat(ctx, key, new(storage.StatOptions))
			return err
		}, 2},
		{"a miss", func(key string) error {
			_, err := s.Stat(ctx, key+"-none", new(storage.StatOptions))
			if !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("Stat of nothing: %v", err)
			}
			return nil
		}, 2},
		{"Put over an object", func(key string) error {
			_, err := tryPut(ctx, s, key, "data", nil)
			return err
		}, 6},
		{"Delete", func(key string) error {
			return s.Delete(ctx, key, new(storage.DeleteOptions))
		}, 6},
		{"Put", func(key string) error {
			_, err := tryPut(ctx, s, key, "data", nil)
			return err
		}, 10},
		{"ListPage", func(key string) error {
			p, err := s.ListPage(ctx, &storage.ListOptions{Prefix: key})
			if err == nil && len(p.Objects) != 2 {
				t.Errorf("%d objects are listed", len(p.Objects))
			}
			return err
		}, 4},
		{"ListPage from above", func(key string) error {
			top, _, _ := strings.Cut(key, "/")
			p, err := s.ListPage(ctx, &storage.ListOptions{Prefix: top + "/"})
			if err == nil && len(p.Objects) != 2 {
				t.Errorf("%d objects are listed", len(p.Objects))
			}
			return err
		}, 6},
		{"ListPage with a delimiter", func(key string) error {
			top, _, _ := strings.Cut(key, "/")
			p, err := s.ListPage(ctx, &storage.ListOptions{Prefix: top, Delimiter: "/"})
			if err == nil && len(p.Objects) != 1 {
				t.Errorf("%d objects are listed", len(p.Objects))
			}
			return err
		}, 4},
	} {
		cost := make(map[int]int)
		for _, depth := range []int{deep / 2, deep} {
			cost[depth] = opens(t, dir, func() {
				if err := op.do(key(depth)); err != nil {
					t.Error(err)
				}
			})
		}
		t.Logf("%s: %d and %d opens of directories for %d and %d segments", op.name,
			cost[deep/2], cost[deep], deep/2, deep)
		most := op.level*deep + 20
		if s.exactCase.Load() {
			most *= 3
		}
		if got := cost[deep]; got > most || got < deep-1 {
			t.Errorf("%s of a key of %d segments opens %d directories, want %d to %d", op.name,
				deep,
				got, deep, most)
		}
		if got, most := cost[deep], 2*cost[deep/2]+20; got > most {
			t.Errorf("%s opens %d directories for twice the segments, want at most %d", op.name,
				got, most)
		}
	}
}

// Directories beside those of a key make no key dearer, whoever made them: neither one that is not
// there, nor one that is beside an object of each of its segments.
func TestDepthBeside(t *testing.T) {
	s, dir := newStore(t)
	if !s.root.fast() {
		t.Skip("the system has no openat2")
	}
	const deep = 200
	segs := slices.Repeat([]string{"x"}, deep)
	both := []string{pathOf(segs), way{segs, mark}.path(deep)}
	for _, path := range append(both, join(both[0], "x"+mark)) {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	calls := func(f func() error) (n int) {
		s.root.sys.called = func(string) { n++ }
		err := f()
		s.root.sys.called = nil
		if err != nil {
			t.Error(err)
		}
		return n
	}
	miss := calls(func() error {
		_, err := s.Stat(t.Context(), pathOf(segs)+"/none", new(storage.StatOptions))
		if errors.Is(err, storage.ErrNotExist) {
			return nil
		}
		return errors.Join(err, errors.New("found"))
	})
	ends := calls(func() error {
		dirs, err := s.ends(slices.Concat(segs, segs[:20], []string{"none"}))
		if !slices.Equal(dirs, both) {
			t.Errorf("the deepest directories are %q", dirs)
		}
		return err
	})
	key := "y"
	for range deep {
		put(t, s, key, key, nil)
		key += "/y"
	}
	put(t, s, key, "deepest", nil)
	get := calls(func() error {
		data, _, err := tryGet(t.Context(), s, key)
		if data != "deepest" {
			t.Errorf("beside %d objects: %q", deep, data)
		}
		return err
	})
	t.Logf("%d calls of a miss, %d for its directories, %d of a Get", miss, ends, get)
	if miss > 10 || ends > 40 || get > 10 {
		t.Errorf("calls: a miss %d, its directories %d, a Get %d; want at most 10, 40, 10", miss,
			ends, get)
	}
}
