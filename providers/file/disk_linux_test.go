package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

// zeros gives size bytes.
func zeros(size int64) io.ReadSeeker { return io.NewSectionReader(zeroReader{}, 0, size) }

type zeroReader struct{}

func (zeroReader) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// A full disk is an error that says so, at once and not to be tried again, and leaves what was
// there.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mounting a small file system: %v; the limit of a file's size stands in for it in TestFileTooLarge", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
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
	if p, err := s.ListPartsPage(t.Context(), "up", id, new(storage.ListPartsOptions)); err != nil || len(p.Parts) > 0 {
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

// What a read-only file system refuses is a question of permission; reading goes on.
func TestReadOnlyFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "k", "old", nil)
	s.Close()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if s, err = New(dir, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := get(t, s, "k"); got != "old" {
		t.Errorf("the object is %q", got)
	}
	if _, err := tryPut(t.Context(), s, "k", "new", nil); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Put: %v", err)
	}
	if err := s.Delete(t.Context(), "k", new(storage.DeleteOptions)); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Delete: %v", err)
	}
}

func init() { works["large"], works["many"] = writeTooMuch, openTooMany }

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
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
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

// A process that has as many files open as it may is told to try again; it is never told that what
// is there is not.
func TestTooManyFiles(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "d/e/k", "data", nil)
	put(t, s, "o/x", "", nil)
	put(t, s, "o", "data", nil) // in o/...
	remove(t, s, "o/x")
	put(t, s, "p/o/x", "", nil)
	put(t, s, "p/o", "data", nil)
	remove(t, s, "p/o/x")
	c, out := startChild(t, "many", dir)
	if err := c.Wait(); err != nil || !strings.Contains(out.String(), "as it should be") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func openTooMany(s *Store) error {
	ctx := context.Background()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	var null []*os.File
	defer func() { closeAll(null) }()
	for free := range 12 {
		id, err := s.CreateUpload(ctx, "up", new(storage.PutOptions))
		if err != nil {
			return err
		}
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				break
			}
			null = append(null, f)
		}
		closeAll(null[:free])
		null = null[free:]
		for name, call := range map[string]func() (ok bool, err error){
			"Stat": func() (bool, error) {
				o, err := s.Stat(ctx, "d/e/k", new(storage.StatOptions))
				return err == nil && o.Size == 4 && o.Checksums.CRC32C != nil, err
			},
			"Get of an object over a directory": func() (bool, error) {
				data, _, err := tryGet(ctx, s, "p/o")
				return data == "data", err
			},
			"ListPage": func() (bool, error) {
				p, err := s.ListPage(ctx, new(storage.ListOptions))
				return err == nil && len(p.Objects) == 3, err
			},
			"ListPage with a delimiter": func() (bool, error) {
				p, err := s.ListPage(ctx, &storage.ListOptions{Delimiter: "/"})
				return err == nil && len(p.Objects) == 3, err
			},
			"Put": func() (bool, error) {
				_, err := tryPut(ctx, s, "d/e/k", "data", nil)
				return err == nil, err
			},
			"Put with IfAbsent": func() (bool, error) {
				_, err := tryPut(ctx, s, "d/e/k", "data", &storage.PutOptions{IfAbsent: true})
				return errors.Is(err, storage.ErrExist), err
			},
			"ListUploadsPage": func() (bool, error) {
				p, err := s.ListUploadsPage(ctx, new(storage.ListOptions))
				return err == nil && len(p.Uploads) == 1, err
			},
			"PutPart": func() (bool, error) {
				_, err := s.PutPart(ctx, "up", id, 1, strings.NewReader("x"), 1, new(storage.PartOptions))
				return err == nil, err
			},
			"ListPartsPage": func() (bool, error) {
				_, err := s.ListPartsPage(ctx, "up", id, new(storage.ListPartsOptions))
				return err == nil, err
			},
		} {
			if ok, err := call(); !ok && !errors.Is(err, storage.ErrUnavailable) {
				return fmt.Errorf("%s with %d files: %v, %w", name, free, ok, err)
			}
		}
		aborted := s.AbortUpload(ctx, "up", id)
		closeAll(null)
		null = nil
		var e *storage.Error
		doubt := errors.As(aborted, &e) && e.InDoubt // gone, and not on disk
		if there, err := s.exists(uploadPath(id)); err != nil || there != (aborted != nil && !doubt) {
			return fmt.Errorf("after AbortUpload with %d files, %v, the upload is there: %v, %v", free, aborted, there, err)
		}
		if aborted == nil {
			continue
		}
		if err := s.AbortUpload(ctx, "up", id); err != nil || !errors.Is(aborted, storage.ErrUnavailable) {
			return fmt.Errorf("AbortUpload: %v, then %w", aborted, err)
		}
	}
	fmt.Println("as it should be")
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// A directory that is removed under an open Store is a bucket that is missing, not an empty one.
func TestDirectoryRemoved(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "x", nil)
	if err := os.RemoveAll(dir); err != nil {
		t.Skip(err)
	}
	for name, call := range calls(s) {
		if err := call(t.Context()); !errors.Is(err, storage.ErrNoBucket) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.ListPage(t.Context(), &storage.ListOptions{Prefix: "a/b"}); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("ListPage below a prefix: %v", err)
	}
	if _, err := tryPut(t.Context(), s, "k", "x", &storage.PutOptions{IfAbsent: true}); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("Put with IfAbsent: %v", err)
	}
}

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
			if err := errors.Join(os.WriteFile(temp, nil, 0o666), os.Rename(temp, filepath.Join(dir, name(i)))); err != nil {
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
		s.pages = pageCache{}
	}
}

// Bytes are written once, by Put and by parts.
func TestWrittenOnce(t *testing.T) {
	s, _ := newStore(t)
	written := func() (n int64) {
		t.Helper()
		b, err := os.ReadFile("/proc/self/io")
		if err != nil {
			t.Skip(err)
		}
		for line := range strings.Lines(string(b)) {
			fmt.Sscanf(line, "write_bytes: %d", &n)
		}
		return n
	}
	const size, part = 64 << 20, 8 << 20
	before := written()
	if _, err := s.Put(t.Context(), "put", zeros(size), size, new(storage.PutOptions)); err != nil {
		t.Fatal(err)
	}
	byPut := written() - before
	before = written()
	id := createUpload(t, s, "parts", new(storage.PutOptions))
	var parts []*storage.Part
	for n := range size / part {
		p, err := s.PutPart(t.Context(), "parts", id, n+1, zeros(part), part, &storage.PartOptions{Offset: int64(n) * part})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	if _, err := s.CompleteUpload(t.Context(), "parts", id, parts, new(storage.PutOptions)); err != nil {
		t.Fatal(err)
	}
	byParts := written() - before
	t.Logf("write_bytes of %d bytes: Put %d, parts %d", size, byPut, byParts)
	if byPut == 0 {
		t.Skip("the file system does not count written bytes")
	}
	if most := int64(size) * 11 / 10; byPut > most || byParts > most {
		t.Errorf("write_bytes of %d bytes: Put %d, parts %d, want at most %d", size, byPut, byParts, most)
	}
}

// On ext4 the attributes of a plain object cost no block.
func TestAttrsBesideInode(t *testing.T) {
	s, dir := newStore(t)
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if fsType(root) != unix.EXT4_SUPER_MAGIC {
		t.Skip("the directory of tests is not on ext4")
	}
	blocks := func(key string) int64 {
		fi, err := os.Stat(filepath.Join(dir, key))
		if err != nil {
			t.Fatal(err)
		}
		return fi.Sys().(*syscall.Stat_t).Blocks
	}
	if err := os.WriteFile(filepath.Join(dir, "theirs"), []byte("data"), 0o666); err != nil {
		t.Fatal(err)
	}
	syscall.Sync() // blocks are given out late
	put(t, s, "ours", "data", &storage.PutOptions{ContentType: "text/html; charset=utf-8"})
	if ours, theirs := blocks("ours"), blocks("theirs"); ours > theirs {
		t.Errorf("an object takes %d blocks, a file with the same bytes %d", ours, theirs)
	}
}

// A bucket in a directory of ext4 that folds case never gives one key another's object.
func TestCaseFolding(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("takes root, to mount an image of a file system")
	}
	d := &disk{dir: t.TempDir(), options: "loop"}
	d.fresh = filepath.Join(d.dir, "fresh")
	command(t, "truncate", "-s", "32M", d.fresh)
	out, err := exec.Command("mkfs.ext4", "-q", "-F", "-O", "casefold", "-E", "encoding=utf8", d.fresh).CombinedOutput()
	if err == nil {
		err = d.try(t)
	}
	if err != nil {
		t.Skipf("no ext4 that folds case: %v %s", err, out)
	}
	mnt, _ := d.mount(t, d.fresh)
	dir := filepath.Join(mnt, "bucket")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chattr", "+F", dir).CombinedOutput(); err != nil {
		t.Skipf("no directory that folds case: %v %s", err, out)
	}
	caseFolding(t, dir)
}
