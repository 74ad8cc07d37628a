package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// zeros gives size bytes.
func zeros(size int64) io.ReadSeeker { return io.NewSectionReader(zeroReader{}, 0, size) }

type zeroReader struct{}

func (zeroReader) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// smallDisk mounts a file system of 8 MiB. Where that is not allowed, the test is skipped, and the
// limit of a file's size stands in for it in TestFileTooLarge.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mounting a small file system: %v; see TestFileTooLarge", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk is an error that says so, at once and not to be tried again, and leaves what was
// there.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, "k", "old", fullOptions())
	full := func(what string, err error) {
		t.Helper()
		var e *storage.Error
		if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &e) || e.Kind != nil || e.InDoubt {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	_, err = s.Put(t.Context(), "k", zeros(16<<20), 16<<20, new(storage.PutOptions))
	full("Put", err)
	put(t, s, "half", strings.Repeat("x", 5<<20), nil)
	_, err = s.Copy(t.Context(), "copy/of/half", "half", new(storage.CopyOptions))
	full("Copy", err)
	id := createUpload(t, s, "up", new(storage.PutOptions))
	_, err = s.PutPart(t.Context(), "up", id, 1, zeros(6<<20), 6<<20, new(storage.PartOptions))
	full("PutPart", err)
	if p, err := s.ListPartsPage(t.Context(), "up", id,
		new(storage.ListPartsOptions)); err != nil || len(p.Parts) > 0 {
		t.Errorf("parts after a full disk: %v, %v", p, err)
	}
	if err := s.AbortUpload(t.Context(), "up", id); err != nil {
		t.Error(err)
	}
	// To the last page, and then sidecars, directories and names.
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	filler.Close()
	s.noXattr = true
	_, err = tryPut(t.Context(), s, "new/dir/k", "new", nil)
	full("small Put", err)
	s.noXattr = false
	if got, o := get(t, s, "k"), stat(t, s, "k"); got != "old" || o.ContentType == "" {
		t.Errorf("the object is %q, %+v", got, o)
	}
	if got := list(t, s, storage.ListOptions{}); fmt.Sprint(got) != "[filler half k]" {
		t.Errorf("list is %q", got)
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if got := tree(t, dir); fmt.Sprint(got) != "[filler half k]" {
		t.Errorf("files: %q", got)
	}
	remove(t, s, "half")
	remove(t, s, "filler")
	put(t, s, "k", "new", nil)
}

func init() { works["large"] = writeTooMuch }

// Where the test may not mount, a limit for the size of files stands in for the full disk.
func TestFileTooLarge(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "old", nil)
	c, out := startChild(t, "large", dir)
	if err := c.Wait(); err != nil || !strings.Contains(out.String(), "as it should be") {
		t.Errorf("child: %v\n%s", err, out)
	}
	if got := get(t, s, "k"); got != "old" {
		t.Errorf("the object is %q", got)
	}
	if left := append(files(t, filepath.Join(dir, "tmp.")), tree(t, dir)...); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func writeTooMuch(s *Store) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20,
		Max: 1 << 20}); err != nil {
		return err
	}
	var e *storage.Error
	for _, key := range []string{"k", "new/dir/k"} {
		_, err := s.Put(context.Background(), key, zeros(2<<20), 2<<20, new(storage.PutOptions))
		if !errors.Is(err, syscall.EFBIG) || !errors.As(err, &e) || e.Kind != nil || e.InDoubt {
			return fmt.Errorf("Put: %w", err)
		}
	}
	fmt.Println("as it should be")
	return nil
}
