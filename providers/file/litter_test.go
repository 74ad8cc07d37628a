package file

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// kill ends the holder of a lock as a kill of its process does.
func kill(h *held) {
	h.f.Close()
	<-h.turn
}

// A writer that is killed between a directory and the file in it leaves no directory for good: the
// next New, or the next writer of the key, removes it.
func TestEmptyDirectoriesOfKilled(t *testing.T) {
	deep := strings.Repeat("d/", 200) + "k"
	for _, tt := range []struct {
		name, key string
		die       func(t *testing.T, s *Store, key string)
	}{
		{"making directories", "new/dir/k", dieMaking},
		{"making many", deep, dieMaking},
		{"making children of an object", "there/dir/k", dieMaking},
		{"removing", "old/dir/k", dieRemoving},
		{"removing many", deep + "/x", dieRemoving},
		{"removing an object of one segment over a directory", "over", dieRemovingOver},
		{"removing an object over a directory", "old/over", dieRemovingOver},
	} {
		for name, next := range map[string]func(t *testing.T, s *Store, dir string){
			"New":        func(t *testing.T, _ *Store, dir string) { openStore(t, dir) },
			"the writer": func(t *testing.T, s *Store, _ string) { remove(t, s, tt.key) },
		} {
			t.Run(tt.name+", then "+name, func(t *testing.T) {
				s, dir := newStore(t)
				put(t, s, "there", "", nil)
				put(t, s, "there/kept", "", nil)
				tt.die(t, s, tt.key)
				if got := strings.Join(tree(t, dir), " "); !strings.Contains(got+" ", "/ ") {
					t.Fatalf("no empty directory was left behind: %s", got)
				}
				next(t, s, dir)
				if got := strings.Join(tree(t, dir), " "); got != "there there./kept" {
					t.Errorf("files: %s", got)
				}
				if notes := notes(t, dir); len(notes) > 0 {
					t.Errorf("notes are left: %q", notes)
				}
			})
		}
	}
}

func dieMaking(t *testing.T, s *Store, key string) {
	h, err := s.lock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	h.willChange(key)
	if _, err := s.place(t.Context(), strings.Split(key, "/"), func() {}); err != nil {
		t.Fatal(err)
	}
	kill(h)
}

func dieRemoving(t *testing.T, s *Store, key string) {
	put(t, s, key, "", nil)
	h, err := s.lock(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	h.willChange(key)
	path, _, err := s.find(strings.Split(key, "/"))
	if err == nil {
		err = s.root.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	kill(h)
}

// notes are what lock files say.
func notes(t *testing.T, dir string) (notes []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "tmp.", "lock..", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 {
			notes = append(notes, string(b))
		}
	}
	return notes
}

// A note is struck out once it is true no longer, whatever became of the write; where the fault
// stays that kept the writer from tidying up, the note stays for the next one.
func TestNotes(t *testing.T) {
	s, dir := newStore(t)
	var during []string
	s.failSync = func(string) error {
		during = append(during, notes(t, dir)...)
		return nil
	}
	s.root.sys.called = func(call string) {
		if call == "renameat" {
			during = append(during, notes(t, dir)...)
		}
	}
	put(t, s, "a/b/c", "", nil)
	if !slices.Contains(during, "a/b/c") && s.root.fast() {
		t.Error("Put makes directories without a note")
	}
	s.root.sys.called = nil
	put(t, s, "a/b/d", "", nil)
	during = nil
	remove(t, s, "a/b/c")
	if !slices.Contains(during, "a/b/c") {
		t.Error("Delete removes directories without a note")
	}
	deleteBatch(t, s, "a/b/d", "a/b/none")
	put(t, s, "a/b", "", nil)
	put(t, s, "a", "", nil)
	remove(t, s, "a/b")
	during = nil
	remove(t, s, "a") // in a/...
	if !slices.Contains(during, "a") {
		t.Error("Delete of an object over a directory removes it without a note")
	}
	if got := append(notes(t, dir), tree(t, dir)...); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	for _, fault := range []bool{false, true} {
		h, err := s.lock(t.Context(), "x/y/k")
		if err != nil {
			t.Fatal(err)
		}
		if fault {
			h.s = openStore(t, dir)
			h.s.root.Close() // nothing can be tidied up
		}
		h.willChange("x/y/k")
		if _, err := s.place(t.Context(), []string{"x", "y", "k"}, func() {}); err != nil {
			t.Fatal(err)
		}
		h.failed = true
		h.release()
		if got := append(notes(t, dir), tree(t, dir)...); (len(got) > 0) != fault {
			t.Errorf("with a fault that stays %v, left behind: %q", fault, got)
		}
	}
	remove(t, s, "x/y/k")
	if got := append(notes(t, dir), tree(t, dir)...); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}

// The directory of a key's sidecars goes with them, also where a kill came between.
func TestEmptySidecarDirectory(t *testing.T) {
	s, dir := newStore(t)
	at := sidecarDir + "/" + keyHash("k")
	if err := s.mkdirs(at); err != nil {
		t.Fatal(err)
	}
	there := func() bool { _, err := os.Stat(filepath.Join(dir, at)); return err == nil }
	openStore(t, dir)
	if !there() {
		t.Error("a directory was removed that somebody may be about to use")
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, at), old, old); err != nil {
		t.Fatal(err)
	}
	openStore(t, dir)
	if there() {
		t.Error("the directory is still there")
	}
}

func dieRemovingOver(t *testing.T, s *Store, key string) {
	put(t, s, key+"/x", "", nil)
	put(t, s, key, "", nil)
	remove(t, s, key+"/x")
	dieRemoving(t, s, key)
}
