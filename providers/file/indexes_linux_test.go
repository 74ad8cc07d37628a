package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage"
)

// watchedDir makes a directory with n files that is large enough to be watched.
func watchedDir(t *testing.T, n int) (*Store, string) {
	t.Helper()
	s, dir := newStore(t)
	if !s.root.fast() || !watched(s.root.fd) {
		t.Skip("the file system is not one that can be watched")
	}
	put(t, s, "z", "", nil)
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprintf("k%06d", i)), "")
	}
	if fi, err := os.Stat(dir); err != nil || fi.Size() < watchFrom {
		t.Skipf("the directory has %d bytes, %v", fi.Size(), err)
	}
	return s, dir
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A page costs the page, and not the directory, although another process changes the directory
// between any two of them. What it adds is listed all the same.
func TestPagesWhileOthersWrite(t *testing.T) {
	const n = 5000
	s, dir := watchedDir(t, n)
	reads, i := 0, 0
	s.rewound = func() { reads++ }
	opts := &storage.ListOptions{PageSize: 100}
	var keys, want []string
	for {
		p, err := s.ListPage(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range p.Objects {
			keys = append(keys, o.Key)
		}
		if opts.PageToken = p.NextToken; p.NextToken == "" {
			break
		}
		i++
		last := keys[len(keys)-1]
		for name, listed := range map[string]bool{
			fmt.Sprintf("a%06d", i): false, last + "!": true, fmt.Sprintf("x%06d", i): true,
		} {
			write(t, filepath.Join(dir, name), "x")
			if listed {
				want = append(want, name)
			}
		}
		if err := os.Remove(filepath.Join(dir, fmt.Sprintf("a%06d", i))); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d pages read a directory %d times", i+1, reads)
	if reads > 2 {
		t.Errorf("%d pages read a directory %d times, want 2 at most", i+1, reads)
	}
	for i := range n {
		want = append(want, fmt.Sprintf("k%06d", i))
	}
	want = append(want, "z")
	slices.Sort(want)
	if !slices.Equal(keys, want) {
		t.Errorf("%d keys, want %d; in order: %v", len(keys), len(want), slices.IsSorted(keys))
	}
}

// A list goes on where more has come than the system could tell, where a directory has been put in
// the place of another, and where a name stands for something else by now.
func TestWatchEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dir string)
		want   []string // behind the first page of two, in order
	}{
		{"overflow", func(t *testing.T, dir string) {
			b, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
			if err != nil || strings.TrimSpace(string(b)) != "16384" {
				t.Skipf("events are kept to another number: %s, %v", b, err)
			}
			for i := range 16500 { // two of the same name in a row would be one
				path := filepath.Join(dir, fmt.Sprintf("y%d", i%2))
				write(t, path, "")
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			write(t, filepath.Join(dir, "ylast"), "")
		}, []string{"ylast", "z"}},
		{"a directory in the place of a file", func(t *testing.T, dir string) {
			old := filepath.Join(dir, "k000009")
			if err := errors.Join(os.Remove(old), os.Mkdir(old, 0o777)); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(old, "below"), "")
		}, []string{"k000009/below", "z"}},
		{"a link in the place of a file", func(t *testing.T, dir string) {
			old := filepath.Join(dir, "k000009")
			if err := errors.Join(os.Remove(old), os.Symlink("z", old)); err != nil {
				t.Fatal(err)
			}
		}, []string{"z"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := watchedDir(t, 2000)
			p, err := s.ListPage(t.Context(), &storage.ListOptions{PageSize: 9})
			if err != nil || len(p.Objects) != 9 {
				t.Fatal(err)
			}
			if len(s.indexes.dirs) != 1 || s.indexes.dirs["."].wd == 0 {
				t.Fatal("the directory is not watched")
			}
			tt.change(t, dir)
			got := list(t, s, storage.ListOptions{PageToken: p.NextToken})
			want := tt.want
			for i := range 1990 {
				want = append(want, fmt.Sprintf("k%06d", i+10))
			}
			if tt.name == "overflow" {
				want = append(want, "k000009")
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%d keys, want %d: %.200q", len(got), len(want), got)
			}
		})
	}
	t.Run("another directory", func(t *testing.T) {
		s, dir := newStore(t)
		d := filepath.Join(dir, "d")
		for _, round := range []string{"a", "b", "c"} {
			if err := os.Mkdir(d, 0o777); err != nil {
				t.Fatal(err)
			}
			var want []string
			for i := range 2000 {
				want = append(want, fmt.Sprintf("d/%s%06d", round, i))
				write(t, filepath.Join(dir, want[i]), "")
			}
			if got := list(t, s, storage.ListOptions{PageSize: 700}); !slices.Equal(got, want) {
				t.Errorf("%d keys, want %d: %.200q", len(got), len(want), got)
			}
			p, err := s.ListPage(t.Context(), &storage.ListOptions{PageSize: 700})
			if err != nil || p.NextToken == "" {
				t.Fatal(err)
			}
			if err := os.RemoveAll(d); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What was there throughout is listed once, in order, and what was there before a page was asked
// for is in it or behind it, whoever else lists and writes.
func TestListsAndWritersAtOnce(t *testing.T) {
	const n = 2000
	s, dir := watchedDir(t, n)
	done := make(chan struct{})
	var writers, lists sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				// Names come and go, and what stays is replaced.
				tmp := filepath.Join(dir, "tmp.", fmt.Sprintf("w%d..", w))
				name := fmt.Sprintf("k%06d", (i*37+w)%n)
				other := filepath.Join(dir, fmt.Sprintf("k%06d-%d", i%n, w))
				err := errors.Join(os.WriteFile(tmp, nil, 0o666),
					os.Rename(tmp, filepath.Join(dir, name)),
					os.WriteFile(other, nil, 0o666), os.Remove(other))
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for l := range 3 {
		lists.Go(func() {
			for round := range 3 {
				opts := &storage.ListOptions{PageSize: 150 + 100*l}
				var keys []string
				var added []string
				for page := 0; ; page++ {
					p, err := s.ListPage(t.Context(), opts)
					if err != nil {
						t.Error(err)
						return
					}
					for _, o := range p.Objects {
						keys = append(keys, o.Key)
					}
					if opts.PageToken = p.NextToken; p.NextToken == "" {
						break
					}
					name := fmt.Sprintf("y%d-%d-%d", l, round, page)
					if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
						t.Error(err)
						return
					}
					added = append(added, name)
				}
				if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
					t.Error("not in order, or a key twice")
				}
				for i := range n {
					if _, ok := slices.BinarySearch(keys, fmt.Sprintf("k%06d", i)); !ok {
						t.Errorf("list %d misses k%06d, which was there throughout", l, i)
						return
					}
				}
				for _, name := range added {
					if _, ok := slices.BinarySearch(keys, name); !ok {
						t.Errorf("list %d misses %s, which was there before the page", l, name)
						return
					}
				}
			}
		})
	}
	lists.Wait()
	close(done)
	writers.Wait()
	s.indexes.mu.Lock()
	defer s.indexes.mu.Unlock()
	if n := len(s.indexes.reads); n > 0 {
		t.Errorf("%d directories are being read still", n)
	}
}

// A directory that cannot be watched leaves nothing behind of a reading.
func TestIndexesUnwatched(t *testing.T) {
	s, dir := newStore(t)
	withoutOpenat2(s)
	for i := range 2000 {
		name := filepath.Join(dir, fmt.Sprintf("key-%032d", i))
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if fi, err := os.Stat(dir); err != nil || fi.Size() < watchFrom {
		t.Skipf("a directory of 2,000 names has less than %d bytes here", watchFrom)
	}
	for range 3 {
		if _, err := s.ListPage(t.Context(), &storage.ListOptions{PageSize: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.indexes.reads); n > 0 {
		t.Errorf("%d readings are noted", n)
	}
}
