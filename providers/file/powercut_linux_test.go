package file

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// A cutCase is a change of the object key, and a question whose answer others build on once it is
// one of want.
type cutCase struct {
	name    string
	sidecar bool
	before  func(t *testing.T, s *Store) // durable
	change  func(t *testing.T, s *Store) error
	ask     func(t *testing.T, s *Store) error
	want    error
	there   bool // what the answer says: the object is there, and new
}

const cutKey = "new/dir/k"

var cutCases = []cutCase{
	{"put", false, nil, cutPut, cutIfAbsent, storage.ErrExist, true},
	{"put with a sidecar", true, nil, cutPut, cutIfAbsent, storage.ErrExist, true},
	{"overwrite", false, cutOld, cutPut, cutIfMatch, storage.ErrPrecondition, true},
	{"overwrite with a sidecar", true, cutOld, cutPut, cutIfMatch, storage.ErrPrecondition, true},
	{"delete", false, cutOld, cutDelete, cutDelete, nil, false},
	{"delete beside another", false, cutOldBeside, cutDelete, cutDelete, nil, false},
	{"delete many", false, cutOldBeside, cutDelete, func(t *testing.T, s *Store) error {
		return errors.Join(deleteBatch(t, s, cutKey, "none")...)
	}, nil, false},
	{"multipart", false, nil, cutParts, cutIfAbsent, storage.ErrExist, true},
	{"put below a directory that nobody synced", false, nil, cutPutBelowNew, cutIfAbsent,
		storage.ErrExist, true},
	{"multipart with a sidecar, over an object", true, cutOld, cutParts, cutIfMatch,
		storage.ErrPrecondition, true},
	{"copy", false, func(t *testing.T, s *Store) { put(t, s, "src", cutNew, fullOptions()) },
		cutCopy,
		cutCopy, storage.ErrExist, true},
}

var cutNew = strings.Repeat("new data\n", 500)

func cutOld(t *testing.T, s *Store) { put(t, s, cutKey, "old", nil) }

func cutOldBeside(t *testing.T, s *Store) {
	cutOld(t, s)
	put(t, s, "new/dir/other", "", nil)
}

func cutPut(t *testing.T, s *Store) error {
	_, err := tryPut(t.Context(), s, cutKey, cutNew, fullOptions())
	return err
}

// cutPutBelowNew is cutPut where another writer, who was killed then, has made the directories.
func cutPutBelowNew(t *testing.T, s *Store) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "new", "dir"), 0o777); err != nil {
		return err
	}
	return cutPut(t, s)
}

func cutParts(t *testing.T, s *Store) error {
	return putParts(t.Context(), s, cutKey, cutNew, fullOptions())
}

func cutIfAbsent(t *testing.T, s *Store) error {
	_, err := tryPut(t.Context(), s, cutKey, "x", &storage.PutOptions{IfAbsent: true})
	return err
}

func cutIfMatch(t *testing.T, s *Store) error {
	_, err := tryPut(t.Context(), s, cutKey, "x", &storage.PutOptions{IfMatch: `"another"`})
	return err
}

func cutDelete(t *testing.T, s *Store) error {
	return s.Delete(t.Context(), cutKey, new(storage.DeleteOptions))
}

func cutCopy(t *testing.T, s *Store) error {
	_, err := s.Copy(t.Context(), cutKey, "src", &storage.CopyOptions{IfAbsent: true})
	return err
}

// cutFaults are what goes wrong between a change and its sync, before somebody gets an answer.
var cutFaults = []struct {
	name   string
	err    error // of the sync of the directory, once
	killed bool  // another process did it, and is no more
}{
	{"nothing", nil, false},
	{"EMFILE", syscall.EMFILE, false},
	{"EIO", syscall.EIO, false},
	{"a kill", syscall.EIO, true},
}

// What was acknowledged before the power went is there afterwards, also where a sync had failed
// before, or the process that made the change was killed before its sync. The image of the file
// system, as it is when the answer is given, is what a power cut leaves.
func TestPowerCut(t *testing.T) {
	onImages(t, "power cuts behind an answer", func(t *testing.T, d *disk) {
		for _, tt := range cutCases {
			for _, fault := range cutFaults {
				t.Run(tt.name+" and "+fault.name, func(t *testing.T) {
					d.cut(t, tt, fault.err, fault.killed)
				})
			}
		}
	})
}

// A power cut before any of the syncs of a change leaves the old object or the new one, whole, and
// everything else as it was.
func TestPowerCutAtSyncs(t *testing.T) {
	onImages(t, "power cuts before a sync", func(t *testing.T, d *disk) {
		for _, tt := range cutCases {
			t.Run(tt.name, func(t *testing.T) { d.cutAtSyncs(t, tt) })
		}
	})
}

// onImages runs a test on an image of each file system that power cuts are tried on.
func onImages(t *testing.T, row string, test func(t *testing.T, d *disk)) {
	for _, fsys := range []struct{ name, size, mkfs, mount string }{
		{"ext4", "48M", "mkfs.ext4 -q -F", "commit=300"},
		{"xfs", "300M", "mkfs.xfs -q -f", "nouuid"},
		{"btrfs", "128M", "mkfs.btrfs -q -f", "commit=300"},
	} {
		t.Run(fsys.name, func(t *testing.T) {
			what := row + " on " + fsys.name
			if testing.Short() && fsys.name != "ext4" {
				testenv.NotRun(t, what, "short: ext4 only")
			}
			if os.Getuid() != 0 {
				testenv.NotRun(t, what, "it takes root, to mount images of file systems")
			}
			if _, err := exec.LookPath(strings.Fields(fsys.mkfs)[0]); err != nil {
				testenv.NotRun(t, what, err.Error())
			}
			dir := t.TempDir()
			fresh := filepath.Join(dir, "fresh")
			command(t, "truncate", "-s", fsys.size, fresh)
			command(t, append(strings.Fields(fsys.mkfs), fresh)...)
			d := &disk{dir: dir, fresh: fresh, options: "loop," + fsys.mount}
			if err := d.try(t); err != nil {
				testenv.NotRun(t, what, err.Error())
			}
			tally.Later(t, func() tally.Row {
				return tally.Row{What: row, On: "file on " + fsys.name, Tried: d.cuts}
			})
			test(t, d)
		})
	}
}

// bucket opens a bucket on a mounted image.
func (tt *cutCase) bucket(t *testing.T, mnt string) *Store {
	t.Helper()
	s, err := New(filepath.Join(mnt, "bucket"), &Options{CreateDir: true})
	if err != nil {
		t.Fatal(err)
	}
	s.noXattr = tt.sidecar
	t.Cleanup(func() { s.Close() })
	return s
}

func (d *disk) cutAtSyncs(t *testing.T, tt cutCase) {
	image := d.image(t, d.fresh)
	mnt, unmount := d.mount(t, image)
	s := tt.bucket(t, mnt)
	put(t, s, "kept", "kept", fullOptions())
	if tt.before != nil {
		tt.before(t, s)
	}
	before := "" // the object, where there was one
	if data, _, err := tryGet(t.Context(), s, cutKey); err == nil {
		before = data
	}
	syscall.Sync()
	var cuts []string
	s.beforeSync = func() { cuts = append(cuts, d.image(t, image)) }
	if err := tt.change(t, s); err != nil {
		t.Fatal(err)
	}
	s.Close()
	unmount()
	if len(cuts) < 2 && tt.there || len(cuts) == 0 {
		t.Errorf("%d syncs", len(cuts))
	}
	d.cuts += len(cuts)
	for i, cut := range cuts {
		mnt, unmount := d.mount(t, cut)
		s := tt.bucket(t, mnt)
		data, o, err := tryGet(t.Context(), s, cutKey)
		switch {
		case errors.Is(err, storage.ErrNotExist) && (before == "" || !tt.there):
		case err == nil && before != "" && data == before:
		case err == nil && tt.there && data == cutNew && o.ContentType == "text/plain":
		default:
			t.Errorf("before sync %d of %d: %.20q, %v, %v", i+1, len(cuts), data, o, err)
		}
		if got, o := get(t, s, "kept"), stat(t, s, "kept"); got != "kept" ||
			o.ContentType != "text/plain" {
			t.Errorf("before sync %d of %d, another object: %q, %v", i+1, len(cuts), got, o)
		}
		put(t, s, cutKey, "more", nil) // writing goes on
		s.Close()
		unmount()
	}
}

func (d *disk) cut(t *testing.T, tt cutCase, fault error, killed bool) {
	image := d.image(t, d.fresh)
	mnt, unmount := d.mount(t, image)
	dir := filepath.Join(mnt, "bucket")
	open := func() *Store {
		s := tt.bucket(t, mnt)
		if err := s.syncAbove(); err != nil { // now: it might sync the change, too
			t.Fatal(err)
		}
		return s
	}
	s, other := open(), open()
	if tt.before != nil {
		tt.before(t, s)
	}
	syscall.Sync()
	writer := s
	if killed {
		writer = other
	}
	path := filepath.Join(dir, cutKey)
	was, _ := os.Lstat(path)
	failed := false
	writer.failSync = func(string) error {
		now, _ := os.Lstat(path)
		changed := (now == nil) != (was == nil) || now != nil && !os.SameFile(now, was)
		if fault == nil || failed && !killed || !changed {
			return nil // only the syncs behind the change, the first of them
		}
		failed = true
		return fault
	}
	err := tt.change(t, writer)
	if (err != nil) != (fault != nil) {
		t.Fatalf("the change: %v, want an error: %v", err, fault != nil)
	}
	if fault != nil {
		if err := tt.ask(t, s); !errors.Is(err, tt.want) {
			t.Fatalf("the answer is %v, want %v", err, tt.want)
		}
	}
	d.cuts++
	cut := d.image(t, image)
	s.Close()
	other.Close()
	unmount()

	mnt, unmount = d.mount(t, cut)
	defer unmount()
	s = tt.bucket(t, mnt)
	defer s.Close()
	data, o, err := tryGet(t.Context(), s, cutKey)
	switch {
	case tt.there && (err != nil || data != cutNew || o.ContentType != "text/plain"):
		t.Errorf("the object is lost or old after a power cut: %.20q, %v, %v", data, o, err)
	case !tt.there && !errors.Is(err, storage.ErrNotExist):
		t.Errorf("the object is back after a power cut: %.20q, %v", data, err)
	}
	if _, err := s.Put(t.Context(),
		cutKey, strings.NewReader("x"), 1, new(storage.PutOptions)); err != nil {
		t.Errorf("writing goes on: %v", err)
	}
	if b, err := s.Get(t.Context(), cutKey, new(storage.GetOptions)); err != nil {
		t.Error(err)
	} else {
		io.Copy(io.Discard, b.Body)
		b.Body.Close()
	}
}
