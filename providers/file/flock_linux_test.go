package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
)

// NFS makes a file's lock one of a range of bytes: if shared, it needs a file that is open for
// reading, otherwise one that is open for writing. Whatever is locked is open for both.
func TestLockedFilesAreOpenForBoth(t *testing.T) {
	s, _ := newStore(t)
	locked := make(map[string]bool)
	look := func() error {
		for path, mode := range lockedFiles(t, s.dir) {
			locked[filepath.Base(path)] = true
			if mode != os.O_RDWR {
				t.Errorf("%s is locked and open with mode %d", path, mode)
			}
		}
		return nil
	}
	opts := new(storage.PutOptions)
	id := createUpload(t, s, "k", opts)
	body := &halves{Reader: *strings.NewReader("data"), between: look}
	p, err := s.PutPart(t.Context(), "k", id, 1, body, 4, new(storage.PartOptions))
	if err != nil {
		t.Fatal(err)
	}
	s.beforeSync = func() { look() }
	put(t, s, "k", "data", nil)
	if len(locked) < 3 { // the part's data, a temporary file, a lock file
		testenv.NotRun(t, "the modes of locked files", fmt.Sprintf("only %v show a lock", locked))
	}
	if _, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{p}, opts); err != nil {
		t.Error(err)
	}
}

// lockedFiles are the files below dir that this process has locked, and how each is open.
func lockedFiles(t *testing.T, dir string) map[string]int {
	t.Helper()
	files := make(map[string]int)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, fd := range fds {
		path, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || !strings.HasPrefix(path, dir+"/") {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		if err != nil || !strings.Contains(string(info), "FLOCK") {
			continue
		}
		var pos, flags int
		if _, err := fmt.Sscanf(string(info), "pos: %d\nflags: %o", &pos, &flags); err != nil {
			t.Fatalf("%v in %q", err, info)
		}
		files[path] = flags & syscall.O_ACCMODE
	}
	return files
}
