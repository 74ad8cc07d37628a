package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// tree returns the paths of all files below dir that are not in the driver's own directory, and of
// directories without any.
func tree(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		if rel == "tmp." {
			return fs.SkipDir
		}
		if e.IsDir() {
			if names, err := os.ReadDir(path); err != nil || len(names) > 0 {
				return err
			}
			rel += "/"
		}
		paths = append(paths, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		name string
		ops  string // +key puts, -key deletes
		want []string
	}{
		{"a file is a file", "+a/b.txt", []string{"a/b.txt"}},
		{"children of a file", "+a +a/b +a/b/c", []string{"a", "a./b", "a./b./c"}},
		{"children of a file further down", "+a/b +a/b/c/d", []string{"a/b", "a./b./c./d"}},
		{"object over a directory", "+a/b/c +a/b +a", []string{"a/...", "a/b/...", "a/b/c"}},
		{"over stays over", "+a/b +a -a/b", []string{"a/..."}},
		{"and comes back as a file", "+a/b +a -a/b -a +a", []string{"a"}},
		{"children stay beside", "+a +a/b -a", []string{"a./b"}},
		{"new children go the plain way", "+a +a/b -a +a/c", []string{"a/c", "a./b"}},
		{"old children are replaced where they are", "+a +a/b -a +a/c +a/b",
			[]string{"a/c", "a./b"}},
		{"no empty directories", "+a +a/b/c -a/b/c -a +x/y/z -x/y/z", nil},
		{"the driver's directory is no key's", "+tmp +tmp/x +tmp/lock +tmp/lock/00",
			[]string{"tmp"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStore(t)
			model := make(map[string]string)
			for _, op := range strings.Fields(tt.ops) {
				key := op[1:]
				if op[0] == '+' {
					put(t, s, key, "data of "+key, nil)
					model[key] = "data of " + key
				} else {
					remove(t, s, key)
					delete(model, key)
				}
				for key, data := range model {
					if got := get(t, s, key); got != data {
						t.Errorf("after %s: Get(%q) = %q, want %q", op, key, got, data)
					}
				}
				var keys []string
				for key := range model {
					keys = append(keys, key)
				}
				slices.Sort(keys)
				if diff := cmp.Diff(keys, list(t, s, storage.ListOptions{})); diff != "" {
					t.Errorf("after %s: list (-want +got):\n%s", op, diff)
				}
			}
			if diff := cmp.Diff(tt.want, tree(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// Writers of a, a/b and a/b/c put and delete their own keys, each its own only; between a put and
// its deletion the object must be there, for its writer, for a reader and in every list.
func TestCoexistenceConcurrently(t *testing.T) {
	s, dir := newStore(t)
	other := openStore(t, dir)
	keys := []string{"a", "a/b", "a/b/c", "a/d", "a/b/e"}
	rounds := 80
	if testing.Short() {
		rounds = 30
	}
	put(t, s, "a/b/kept", "kept", nil)
	var wg sync.WaitGroup
	for i, key := range keys {
		st := s
		if i%2 == 1 {
			st = other
		}
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for n := range rounds {
				data := fmt.Sprint(key, n)
				if _, err := tryPut(t.Context(), st, key, data, nil); err != nil {
					t.Errorf("round %d: Put(%q): %v", n, key, err)
					return
				}
				if got, _, err := tryGet(t.Context(), other, key); got != data || err != nil {
					t.Errorf("round %d: Get(%q) = %q, %v, want %q", n, key, got, err, data)
					return
				}
				if got := list(t, s,
					storage.ListOptions{PageSize: 1 + rng.IntN(3)}); !slices.Contains(got, key) ||
					!slices.IsSorted(got) {
					t.Errorf("round %d: list is %q, want %q in it, sorted", n, got, key)
					return
				}
				if rng.IntN(3) == 0 {
					continue
				}
				if err := st.Delete(t.Context(), key, new(storage.DeleteOptions)); err != nil {
					t.Errorf("round %d: Delete(%q): %v", n, key, err)
					return
				}
				if _, _, err := tryGet(t.Context(), s, key); !errors.Is(err, storage.ErrNotExist) {
					t.Errorf("round %d: Get(%q) after Delete: %v", n, key, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := get(t, s, "a/b/kept"); got != "kept" {
		t.Errorf("a/b/kept is %q", got)
	}
	for _, key := range append(keys, "a/b/kept") {
		remove(t, s, key)
	}
	if got := tree(t, dir); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

func TestKeys(t *testing.T) {
	s, dir := newStore(t)
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a.", "a./b", "tmp.", "tmp./x",
		"a/...", "a..", "x\x00y", "\xff",
		strings.Repeat("k", 255), strings.Repeat("k/", 512) + "k",
	} {
		_, err := tryPut(t.Context(), s, key, "x", nil)
		if !errors.Is(err, storage.ErrInvalidKey) || !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Put(%q) = %v, want ErrInvalidKey", key, err)
		}
		if _, err := s.Stat(t.Context(), key, new(storage.StatOptions)); !errors.Is(err,
			storage.ErrInvalidKey) {
			t.Errorf("Stat(%q) = %v, want ErrInvalidKey", key, err)
		}
		if err := s.Delete(t.Context(), key, new(storage.DeleteOptions)); !errors.Is(err,
			storage.ErrInvalidKey) {
			t.Errorf("Delete(%q) = %v, want ErrInvalidKey", key, err)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("refused keys left %v, %v", names, err)
	}
	for _, key := range []string{
		strings.Repeat("k", 254), strings.Repeat("k", 254) + "/" + strings.Repeat("c", 254),
		".hidden", " a ", "a\\b", "con",
		"naïve/日本語/🙂",
		"a\nb", "%2e%2e/x", strings.Repeat("k/", 253) + "k", "-", "~", "soap",
	} {
		put(t, s, key, key, nil)
		if got := get(t, s, key); got != key {
			t.Errorf("Get(%q) = %q", key, got)
		}
		if got := list(t, s, storage.ListOptions{Prefix: key}); !slices.Contains(got, key) {
			t.Errorf("list of %q = %q", key, got)
		}
	}
}

// On a file system that folds case, the driver looks at the spelling; the look is the same where
// there is no such file system.
func TestSpelling(t *testing.T) {
	s, _ := newStore(t)
	s.exactCase.Store(true)
	put(t, s, "Dir/Key", "x", nil)
	if got := get(t, s, "Dir/Key"); got != "x" {
		t.Errorf("Get = %q", got)
	}
	for path, want := range map[string]bool{"Dir": true, "Dir/Key": true, "dir": false,
		"Dir/KEY": false, "none/x": false} {
		if got, err := s.spelled(s.root, path); got != want || err != nil {
			t.Errorf("spelled(%q) = %v, %v", path, got, err)
		}
	}
	if _, err := s.Stat(t.Context(), "dir/Key", new(storage.StatOptions)); !errors.Is(err,
		storage.ErrNotExist) {
		t.Errorf("Stat of another spelling: %v", err)
	}
}

// Directories come and go under the feet of writers; without the syncs of real writes, much more
// often.
func TestRenameWhileDirectoriesGo(t *testing.T) {
	s, dir := newStore(t)
	var wg sync.WaitGroup
	for _, key := range []string{"x/1", "x/2", "x/y/1", "x/y/2", "x", "x/y"} {
		segs := strings.Split(key, "/")
		wg.Go(func() {
			for range 400 {
				tmp, err := s.newTemp("k")
				if err != nil {
					t.Error(err)
					return
				}
				path, err := s.rename(t.Context(), tmp, segs, "", func() {})
				if err != nil {
					tmp.discard()
					t.Errorf("%s: %v", key, err)
					return
				}
				tmp.f.Close()
				if found, _, err := s.find(segs); found != path || err != nil {
					t.Errorf("%s was put at %s and is at %q, %v", key, path, found, err)
					return
				}
				if err := s.root.Remove(path); err != nil {
					t.Errorf("%s: %v", key, err)
					return
				}
				s.prune(path)
			}
		})
	}
	put(t, s, "z/kept", "", nil)
	done := make(chan struct{})
	var lister sync.WaitGroup
	lister.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			p, err := s.ListPage(t.Context(), new(storage.ListOptions))
			if err != nil || p.Objects[len(p.Objects)-1].Key != "z/kept" {
				t.Errorf("list: %v, %v", p, err)
				return
			}
			if p, err = s.ListPage(t.Context(), &storage.ListOptions{Delimiter: "/"}); err != nil ||
				p.Objects[len(p.Objects)-1].Key != "z/" {
				t.Errorf("delimited list: %v, %v", p, err)
				return
			}
		}
	})
	wg.Wait()
	close(done)
	lister.Wait()
	remove(t, s, "z/kept")
	gone, err := s.newTemp("k")
	if err != nil {
		t.Fatal(err)
	}
	gone.discard()
	if gone.f, err = s.root.Open("."); err != nil {
		t.Fatal(err)
	}
	defer gone.f.Close()
	if _, err := s.rename(t.Context(), gone, []string{"p", "q", "r"}, "",
		func() {}); err == nil {
		t.Error("nothing was renamed, without an error")
	}
	if got := tree(t, dir); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	put(t, s, "file", "x", nil)
	if err := s.root.removeDir("file"); err == nil || get(t, s, "file") != "x" {
		t.Errorf("a file was removed as a directory: %v", err)
	}
}
