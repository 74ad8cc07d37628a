package file

import (
	"cmp"
	"io"
	"io/fs"
	"os"
)

// A writer that is killed between making directories and putting its file into them, or between
// removing the last file of a directory and the directory, leaves directories that are empty. So it
// notes the key in its lock file before, and strikes the note out afterwards. A note that is still
// there when somebody else has the lock is of a writer that is no more. Whoever comes next tidies
// up: the next writer of the stripe, or the next New.
//
// The note is not synced. It is about processes that are killed; a power cut may leave an empty
// directory behind.

// willChange says that directories of key are about to be made or removed.
func (h *held) willChange(key string) {
	if _, err := h.f.WriteAt([]byte(key), 0); err == nil {
		h.note = key
	}
}

// strike takes the note back, unless what it is about could not be tidied up.
func (h *held) strike() {
	if h.note == "" {
		return
	}
	if h.failed && h.s.tidy(h.note) != nil {
		return
	}
	h.f.Truncate(0)
}

// recover tidies up behind a writer that did not strike its note out.
func (h *held) recover() {
	fi, err := h.f.Stat()
	if err != nil || fi.Size() == 0 || fi.Size() > maxKey {
		return
	}
	b := make([]byte, fi.Size())
	if _, err := h.f.ReadAt(b, 0); err != nil && err != io.EOF {
		return
	}
	if h.s.tidy(string(b)) == nil {
		h.f.Truncate(0)
	}
}

// tidy removes the directories that the object key could be in and that are empty. The caller holds
// the lock of key.
func (s *Store) tidy(key string) error {
	segs, err := split(key)
	if err != nil {
		return nil // not a note of ours
	}
	ends, err := s.ends(segs)
	for _, dir := range ends {
		err = cmp.Or(err, s.prune(join(dir, over)))
	}
	return err
}

// recoverLocks tidies up behind all writers that were killed.
func (s *Store) recoverLocks() {
	for _, e := range s.entries(lockDir) {
		path := join(lockDir, e.Name())
		fi, err := e.Info()
		if err != nil || !fi.Mode().IsRegular() || fi.Size() == 0 {
			continue
		}
		f, err := s.root.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if ok, err := tryLock(f, false); err == nil && ok {
			if there, err := s.isAt(f, path); err == nil && there {
				(&held{s: s, f: f}).recover()
			}
		}
		f.Close()
	}
}

// entries are the entries of one of the driver's own directories.
func (s *Store) entries(dir string) []fs.DirEntry {
	f, err := s.root.root.Open(dir) // whose entries describe themselves within the root
	if err != nil {
		return nil
	}
	defer f.Close()
	all, _ := f.ReadDir(-1)
	return all
}
