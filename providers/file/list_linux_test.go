package file

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// A list has what was there all the time, also where it was replaced while the directory was being
// read. On tmpfs an entry that is replaced goes to where a reader has been.
func TestListDuringOverwrites(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "list")
	if err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := openStore(t, dir)
	put(t, s, "z", "", nil)
	const n = 10_000 // the names of some 8,000 are what the first system call takes
	name := func(i int) string { return fmt.Sprintf("k%05d", i%n) }
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, name(i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		temp := filepath.Join(dir, "tmp.", "new..")
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := errors.Join(os.WriteFile(temp, nil, 0o666), os.Rename(temp,
				filepath.Join(dir, name(i)))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() { // a signal cuts a system call short
		for {
			select {
			case <-done:
				return
			default:
				syscall.Kill(os.Getpid(), syscall.SIGURG)
			}
		}
	})
	for range 5 {
		w, err := s.newWalk("", "", "")
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for f, err := w.next(t.Context()); f != nil || err != nil; f, err = w.next(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		w.trail.close()
		if found != n+1 {
			t.Errorf("a list of %d objects, want %d", found, n+1)
		}
	}
	close(done)
	wg.Wait()
}

// On Btrfs a file that is replaced behind the opening of its directory is in the list.
func TestListOnBtrfs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("takes root, to mount an image of a file system")
	}
	if _, err := exec.LookPath("mkfs.btrfs"); err != nil {
		t.Skip(err)
	}
	d := &disk{dir: t.TempDir(), options: "loop"}
	d.fresh = filepath.Join(d.dir, "fresh")
	command(t, "truncate", "-s", "128M", d.fresh)
	command(t, "mkfs.btrfs", "-q", "-f", d.fresh)
	if err := d.try(t); err != nil {
		t.Skip(err)
	}
	dir, _ := d.mount(t, d.fresh)
	s := openStore(t, dir)
	for _, key := range []string{"a", "k", "z"} {
		put(t, s, key, "", nil)
	}
	other := openStore(t, dir)
	for range 20 {
		times := 0
		s.rewound = func() {
			if times++; times <= 3 {
				put(t, other, "k", "new", nil)
			}
		}
		if got := list(t, s, storage.ListOptions{}); fmt.Sprint(got) != "[a k z]" {
			t.Fatalf("list = %q after %d looks", got, times)
		}
		s.indexes.close()
	}
}
