package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// source gives n bytes, then fails, ends or panics.
type source struct {
	n      int
	err    error
	cancel func()
}

func (s *source) Read(p []byte) (int, error) {
	if s.n == 0 {
		if s.err == nil {
			panic("source")
		}
		return 0, s.err
	}
	if s.cancel != nil {
		s.cancel()
	}
	n := min(s.n, len(p))
	s.n -= n
	return n, nil
}

func (s *source) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

// A write that fails leaves what was there, and nothing else.
func TestFailedWrites(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "old", nil)
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(t.Context())
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		source *source
		size   int64
		opts   storage.PutOptions
		want   error
	}{
		{"source fails", t.Context(), &source{n: 5, err: broken}, 10, storage.PutOptions{}, broken},
		{"source fails late", t.Context(), &source{n: 3 << 20, err: broken}, 4 << 20,
			storage.PutOptions{}, broken},
		{"source is shorter", t.Context(), &source{n: 5, err: io.EOF}, 10, storage.PutOptions{},
			io.ErrUnexpectedEOF},
		{"source is longer", t.Context(), &source{n: 15, err: io.EOF}, 10, storage.PutOptions{},
			storage.ErrInvalid},
		{"wrong checksum", t.Context(), &source{n: 5, err: io.EOF}, 5,
			storage.PutOptions{Checksums: storage.Checksums{SHA256: []byte("x")}},
			storage.ErrIntegrity},
		{"cancelled", cancelled, &source{n: 3 << 20, err: io.EOF, cancel: cancel}, 3 << 20,
			storage.PutOptions{}, context.Canceled},
		{"storage class", t.Context(), &source{err: io.EOF}, 0,
			storage.PutOptions{StorageClass: "COLD"}, errors.ErrUnsupported},
		{"negative size", t.Context(), &source{n: 5, err: io.EOF}, math.MinInt64,
			storage.PutOptions{}, storage.ErrInvalid},
		{"largest size", t.Context(), &source{n: 5, err: io.EOF}, math.MaxInt64,
			storage.PutOptions{}, io.ErrUnexpectedEOF},
		{"panic", t.Context(), &source{n: 5}, 10, storage.PutOptions{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			func() {
				defer func() {
					if p := recover(); (p != nil) != (tt.want == nil) {
						t.Errorf("panic %v", p)
					}
				}()
				if _, err := s.Put(tt.ctx, "k", tt.source, tt.size, &tt.opts); !errors.Is(err,
					tt.want) {
					t.Errorf("Put = %v, want %v", err, tt.want)
				}
			}()
			if tt.want == context.Canceled && tt.source.n < 2<<20 {
				t.Errorf("went on reading: %d bytes are left", tt.source.n)
			}
			if got := get(t, s, "k"); got != "old" {
				t.Errorf("the object is %q", got)
			}
			if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	for name, call := range calls(s) {
		var e *storage.Error
		if err := call(cancelled); !errors.Is(err, context.Canceled) || !errors.As(err, &e) ||
			e.InDoubt {
			t.Errorf("%s with a cancelled context: %v", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls(s) {
		if err := call(t.Context()); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// calls are a call of each method that needs no other before it.
func calls(s *Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Put": func(ctx context.Context) error {
			_, err := tryPut(ctx, s, "k", "x",
				nil)
			return err
		},
		"Get": func(ctx context.Context) error {
			_, err := s.Get(ctx, "k",
				new(storage.GetOptions))
			return err
		},
		"Stat": func(ctx context.Context) error {
			_, err := s.Stat(ctx, "k",
				new(storage.StatOptions))
			return err
		},
		"Delete": func(ctx context.Context) error {
			return s.Delete(ctx, "k",
				new(storage.DeleteOptions))
		},
		"ListPage": func(ctx context.Context) error {
			_, err := s.ListPage(ctx,
				new(storage.ListOptions))
			return err
		},
		"Copy": func(ctx context.Context) error {
			_, err := s.Copy(ctx, "c", "k",
				new(storage.CopyOptions))
			return err
		},
		"CreateUpload": func(ctx context.Context) error {
			_, err := s.CreateUpload(ctx, "k", new(storage.PutOptions))
			return err
		},
		"ListUploadsPage": func(ctx context.Context) error {
			_, err := s.ListUploadsPage(ctx, new(storage.ListOptions))
			return err
		},
	}
}

// A call that is under way when the Store is closed still cleans up.
func TestCloseDuringPut(t *testing.T) {
	s, dir := newStore(t)
	closing := &source{n: 3 << 20, err: errors.New("broken"), cancel: func() { s.Close() }}
	if _, err := s.Put(t.Context(), "k", closing, 4<<20, new(storage.PutOptions)); err == nil {
		t.Error("Put succeeded")
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A link is no object, and nothing is reached by one.
func TestLinks(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, dir := newStore(t)
	put(t, s, "real/x", "x", nil)
	for name, target := range map[string]string{
		"file": filepath.Join(outside, "secret"), "dir": outside, "up": "..", "in": "real",
		"infile":   "real/x",
		"dangling": "nowhere", "self": "self",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for _, key := range []string{"file", "dir", "dir/secret", "up/x", "in/x", "infile", "dangling",
		"self"} {
		if data, _, err := tryGet(t.Context(), s, key); !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("Get(%q) = %q, %v", key, data, err)
		}
	}
	if got := list(t, s, storage.ListOptions{}); len(got) != 1 || got[0] != "real/x" {
		t.Errorf("list = %q", got)
	}
	for _, key := range []string{"dir/secret", "dir/new", "up/x", "in/x", "file", "dangling"} {
		put(t, s, key, "new "+key, nil)
		if got := get(t, s, key); got != "new "+key {
			t.Errorf("Get(%q) = %q", key, got)
		}
	}
	if b, err := os.ReadFile(filepath.Join(outside, "secret")); string(b) != "secret" ||
		err != nil {
		t.Errorf("outside the root: %q, %v", b, err)
	}
	if names, err := os.ReadDir(outside); len(names) != 1 || err != nil {
		t.Errorf("outside the root: %v, %v", names, err)
	}
	if got := get(t, s, "real/x"); got != "x" {
		t.Errorf("real/x = %q", got)
	}
	for _, key := range []string{"dir/secret", "dir/new", "up/x", "in/x"} {
		remove(t, s, key)
	}
}

// The driver's own directory may be a link that somebody made: what leads outside is refused.
func TestOwnDirectoryIsALink(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "tmp.")); err != nil {
		t.Skip(err)
	}
	s := openStore(t, dir)
	if _, err := tryPut(t.Context(), s, "k", "x", nil); err == nil {
		t.Error("Put succeeded")
	}
	if names, err := os.ReadDir(outside); len(names) > 0 || err != nil {
		t.Errorf("outside the root: %v, %v", names, err)
	}
}

// A lock that cannot be had is an error, not a loop.
func TestLockFileIsALink(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "x", nil)
	locks, err := filepath.Glob(filepath.Join(dir, "tmp.", "lock..", "*"))
	if err != nil || len(locks) != 1 {
		t.Fatalf("locks: %q, %v", locks, err)
	}
	if err := os.Rename(locks[0], filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../elsewhere", locks[0]); err != nil {
		t.Skip(err)
	}
	if _, err := tryPut(t.Context(), s, "k", "y", nil); err == nil {
		t.Error("Put succeeded")
	}
	if got := get(t, s, "k"); got != "x" {
		t.Errorf("the object is %q", got)
	}
}

func TestClean(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "x", nil)
	alive, err := s.newTemp("k")
	if err != nil {
		t.Fatal(err)
	}
	defer alive.discard()
	id := createUpload(t, s, "k", new(storage.PutOptions))
	own := filepath.Join(dir, "tmp.")
	for _, name := range []string{"dead..", "young..", "tmp-of-a-key"} {
		if err := os.WriteFile(filepath.Join(own, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(own, "upload..", "abcd.."), 0o777); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for _, path := range []string{"dead..", "tmp-of-a-key", filepath.Base(alive.path), "upload../" +
		id + "..", "upload../abcd.."} {
		if err := os.Chtimes(filepath.Join(own, path), old, old); err != nil {
			t.Fatal(err)
		}
	}
	openStore(t, dir)
	for path, want := range map[string]bool{
		"dead..": false, "young..": true, "tmp-of-a-key": true, filepath.Base(alive.path): true,
		"upload../" + id + "..": true, "upload../abcd..": false,
	} {
		if _, err := os.Lstat(filepath.Join(own, path)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		dir    string
		create bool
		want   error
	}{
		{"", false, storage.ErrInvalid},
		{"", true, storage.ErrInvalid},
		{filepath.Join(dir, "none"), false, storage.ErrNoBucket},
		{filepath.Join(dir, "a/b/c"), true, nil},
		{filepath.Join(dir, "a/b/c"), true, nil},
		{filepath.Join(dir, strings.Repeat("x", 300)), true, storage.ErrInvalid},
		{dir + "\x00", true, storage.ErrInvalid},
		{file, false, storage.ErrInvalid},
		{file, true, storage.ErrInvalid},
		{filepath.Join(file, "below"), false, storage.ErrInvalid},
		{filepath.Join(file, "below"), true, storage.ErrInvalid},
	} {
		s, err := New(tt.dir, &Options{CreateDir: tt.create})
		if !errors.Is(err, tt.want) || errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("New(%q, create %v) = %v, want %v", tt.dir, tt.create, err, tt.want)
		}
		if err == nil {
			s.Close()
		}
	}
	slash := filepath.ToSlash(dir)
	for url, want := range map[string]string{
		"file://" + slash:                         "",
		"file://localhost" + slash:                "",
		"file://" + slash + "/new?create_dir=1":   "",
		"file://" + slash + "/none":               "no such bucket",
		"file://relative/dir":                     "host",
		"file://":                                 "path",
		"file://" + slash + "?create_dir=perhaps": "create_dir",
		"file://" + slash + "?nosync=1":           "nosync",
		"file://u:p@localhost" + slash:            "credentials",
	} {
		b, err := storage.Open(t.Context(), url)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want %q", url, err, want)
		}
		if err == nil {
			b.Close()
		}
	}
}

// Where another program's files are in the way, the error says so and nothing is lost.
func TestInTheWay(t *testing.T) {
	s, dir := newStore(t)
	for _, name := range []string{"a", "a."} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("theirs"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "d", "..."), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a/b", "d"} {
		_, err := tryPut(t.Context(), s, key, "x", nil)
		var pe *os.PathError
		var le *os.LinkError
		if !errors.Is(err, storage.ErrInvalidKey) || !errors.As(err, &pe) && !errors.As(err, &le) {
			t.Errorf("Put(%q): %v", key, err)
		}
	}
	if got := get(t, s, "a"); got != "theirs" {
		t.Errorf("a is %q", got)
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestChecksums(t *testing.T) {
	s, _ := newStore(t)
	all := s.hasher.New(driver.AllSums)
	io.WriteString(all, "123456789")
	want := all.Checksums()
	if got := fmt.Sprintf("%x", want.CRC64NVME); got != "ae8b14860a799888" {
		t.Errorf("CRC64NVME is %s", got)
	}
	if o := put(t, s, "k", "123456789",
		&storage.PutOptions{Checksums: want}); !bytes.Equal(o.Checksums.SHA1, want.SHA1) {
		t.Errorf("kept: %v", o.Checksums)
	}
	if o := stat(t, s, "k"); !bytes.Equal(o.Checksums.CRC64NVME, want.CRC64NVME) ||
		!bytes.Equal(o.Checksums.MD5, want.MD5) {
		t.Errorf("Stat: %v", o.Checksums)
	}
}
