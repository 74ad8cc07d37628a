//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

func perm(t *testing.T, path string) fs.FileMode {
	t.Helper()
	fi, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Mode().Perm()
}

// Every way of overwriting keeps the permissions of the object, and the owner where it may be set;
// nothing that belongs to it is open to more while it is written or afterwards.
func TestOverwriteKeepsAccess(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		path := filepath.Join(dir, "k")
		put(t, s, "src", "src", fullOptions())
		for _, mode := range []fs.FileMode{0o600, 0o640, 0o444, 0o666, 0o400} {
			for name, write := range map[string]func() error{
				"Put": func() error {
					opts := fullOptions()
					opts.Metadata["mode"] = mode.String()
					body := &watchedSource{Reader: strings.NewReader("x"), look: func() {
						temps, _ := filepath.Glob(filepath.Join(dir, "tmp.", "*.."))
						noWider(t, mode, slices.DeleteFunc(temps, isDir)...)
					}}
					_, err := s.Put(t.Context(), "k", body, 1, opts)
					return err
				},
				"Copy": func() error {
					_, err := s.Copy(t.Context(), "k", "src", new(storage.CopyOptions))
					return err
				},
				"parts": func() error {
					return putParts(t.Context(), s, "k", "data of parts", fullOptions())
				},
			} {
				put(t, s, "k", "old", nil)
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
				uid := 0
				if os.Getuid() == 0 {
					uid = 65534
					if err := os.Chown(path, uid, uid); err != nil {
						t.Fatal(err)
					}
				}
				if err := write(); err != nil {
					t.Errorf("%s over %v: %v", name, mode, err)
				}
				if got := perm(t, path); got != mode {
					t.Errorf("%s over %v: the object has %v", name, mode, got)
				}
				fi, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				if st := fi.Sys().(*syscall.Stat_t); uid != 0 && (int(st.Uid) != uid ||
					int(st.Gid) != uid) {
					t.Errorf("%s: owner %d, group %d", name, st.Uid, st.Gid)
				}
				sidecars, _ := filepath.Glob(filepath.Join(dir, "tmp.", "attr..", keyHash("k"),
					"*"))
				noWider(t, mode, sidecars...)
			}
		}
	})
}

// noWider checks that no file is open to more than group and others are by mode.
func noWider(t *testing.T, mode fs.FileMode, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if got := perm(t, path); got&^mode&0o077 != 0 {
			t.Errorf("%s has %v beside an object with %v", path, got, mode)
		}
	}
}

func isDir(path string) bool {
	fi, err := os.Lstat(path)
	return err != nil || fi.IsDir()
}

// watchedSource lets a test look while a body is being read.
type watchedSource struct {
	*strings.Reader
	look func()
}

func (s *watchedSource) Read(p []byte) (int, error) {
	s.look()
	return s.Reader.Read(p)
}

// Options say what new files and directories may be; without them it is the umask.
func TestModes(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for _, tt := range []struct {
		query     string
		file, dir fs.FileMode
	}{
		{"", 0o640, 0o750},
		{"&file_mode=660&dir_mode=770", 0o660, 0o770},
		{"&file_mode=0600&dir_mode=0700", 0o600, 0o700},
		{"&file_mode=666", 0o666, 0o750},
	} {
		dir := filepath.Join(t.TempDir(), "new", "bucket")
		b, err := storage.Open(t.Context(), "file://"+dir+"?create_dir=1"+tt.query)
		if err != nil {
			t.Fatal(err)
		}
		for _, opts := range []*storage.PutOptions{nil, {ContentDisposition: strings.Repeat("x",
			6000)}} {
			if _, err := b.Put(t.Context(), "d/e/k", strings.NewReader("x"), opts); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.WriteAll(t.Context(), "d/e/k/below", nil, nil); err != nil {
			t.Fatal(err)
		}
		err = filepath.Walk(filepath.Dir(dir), func(path string, fi fs.FileInfo, err error) error {
			want := tt.file
			if err == nil && fi.IsDir() {
				want = tt.dir
			}
			if err == nil && fi.Mode().Perm() != want {
				t.Errorf("%s: %s has %v, want %v", tt.query, path, fi.Mode(), want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		b.Close()
	}
}

func TestBadModes(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []*Options{
		{FileMode: 0o444}, {FileMode: fs.ModeSetuid | 0o666}, {DirMode: 0o600},
		{DirMode: fs.ModeDir | 0o777},
	} {
		if _, err := New(dir, o); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("New(%+v) = %v", o, err)
		}
	}
	for _, query := range []string{"file_mode=9", "file_mode=1777", "dir_mode=rwx", "dir_mode=0",
		"file_mode=200"} {
		if _, err := storage.Open(t.Context(), "file://"+dir+"?"+query); !errors.Is(err,
			storage.ErrInvalid) {
			t.Errorf("%s: %v", query, err)
		}
	}
}
