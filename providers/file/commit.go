package file

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// condition is what must hold of the object that a write replaces.
type condition struct {
	ifAbsent bool
	ifMatch  string
}

// check is asked under the lock of key, and once before the bytes are taken, when a refusal is
// cheaper. A refusal is a promise of what is there: it is on disk before it is given.
func (s *Store) check(ctx context.Context, key string, c condition) error {
	if !c.ifAbsent && c.ifMatch == "" {
		return nil
	}
	var o *storage.Object
	switch a, err := s.stat(ctx, key); {
	case err == nil:
		o = &storage.Object{ETag: a.ETag}
	case !errors.Is(err, storage.ErrNotExist):
		return err
	}
	refusal := driver.CheckWrite(c.ifAbsent, c.ifMatch, o)
	if refusal == nil {
		return nil
	}
	segs, err := split(key)
	if err == nil {
		err = s.settle(segs)
	}
	if err != nil {
		return classify(err)
	}
	return refusal
}

// commit makes t the object key with the attributes a, if c holds, in one step and durably. What
// fails leaves the old object, and t where it was; only an error in doubt may leave the new one.
//
// The order is what makes it safe to be killed at any point: bytes and attributes are synced, then
// the sidecar, if there is one, then the file is renamed, then its directory is synced.
func (s *Store) commit(
	ctx context.Context, key string, t *temp, a *attrs, c condition,
) (*storage.Object, error) {
	segs, err := split(key)
	if err != nil {
		return nil, err
	}
	needsSidecar, err := t.seal(a)
	if err != nil {
		return nil, classify(err)
	}
	held, err := s.lock(ctx, key)
	if err != nil {
		return nil, classify(err)
	}
	defer held.release()
	if err := s.check(ctx, key, c); err != nil {
		return nil, err
	}
	// Another writer may have sealed its file after this one and come first: ModTime does not go
	// back. And somebody may have changed what is kept.
	at, fi, err := s.find(segs)
	switch {
	case err != nil:
		return nil, classify(err)
	case fi != nil && fi.ModTime().UnixNano() >= a.ModTime || !sameAccess(fi, t.old):
		t.old = fi
		if needsSidecar, err = t.seal(a); err != nil {
			return nil, classify(err)
		}
	}
	if fi == nil {
		if err := s.checkForm(segs); err != nil {
			return nil, err
		}
	}
	sidecar := ""
	if needsSidecar {
		if sidecar, err = s.writeSidecar(key, t, a); err != nil {
			return nil, classify(err)
		}
	}
	path, err := s.rename(ctx, t, segs, at, func() { held.willChange(key) })
	if err != nil {
		held.failed = true
		if isInDoubt(err) {
			s.durable.owe(key)
			return nil, err
		}
		s.dropSidecar(sidecar)
		return nil, classify(err)
	}
	t.path = "" // it is an object now
	fi, err = t.f.Stat()
	// What is in place may be replaced before it is synced: the sync of the next writer is later,
	// and whoever is refused syncs first. Only old sidecars have to wait, and they need the lock.
	if old, err := s.sidecars(key); err == nil && len(old) == 0 {
		held.release()
	}
	if e := s.synced(key, path); e != nil {
		return nil, e
	}
	if err == nil {
		s.durable.addEntry(path, fi)
	}
	if held.f != nil {
		s.dropSidecars(key, sidecar)
	}
	return a.object(key), nil
}

// rename moves a file to where the object of segs is, or to where it has to go. path is where it
// was found to be, "" if nowhere. Between looking and renaming, the writers of other keys may have
// removed an empty directory, or put a directory or a file where there was none: look again. It
// calls change before it makes a directory.
func (s *Store) rename(
	ctx context.Context, t *temp, segs []string, path string, change func(),
) (string, error) {
	var err error
	for i := range maxMoves {
		if e := ctx.Err(); e != nil {
			return "", e
		}
		if i > 0 {
			path, _, err = s.find(segs)
		}
		if err == nil && path == "" {
			path, err = s.place(ctx, segs, change)
		}
		if err == nil {
			if err = s.move(t, path); err == nil || isInDoubt(err) {
				return path, err
			}
			s.prune(path)
		}
		if !isMoved(err) {
			return "", err
		}
		if there, e := s.exists(t.path); e != nil {
			return "", e
		} else if !there {
			err := errors.New("temporary file was removed by another program")
			return "", &fs.PathError{Op: "rename", Path: t.path, Err: err}
		}
	}
	return "", err
}

// move renames the file of t to path. A server of files may do that, lose its answer, and answer
// the second time that there is no such file: what became of it is looked at. The caller holds the
// lock of the object, so nobody else takes its file away from path.
func (s *Store) move(t *temp, path string) error {
	err := s.root.Rename(t.path, path)
	if err == nil {
		return nil
	}
	switch moved, e := s.isAt(t.f, path); {
	case e != nil:
		return inDoubt(e)
	case moved:
		return nil
	}
	return err
}

// synced makes a change of key at path durable, or says that it is in doubt.
func (s *Store) synced(key, path string) error {
	if err := s.syncDirs(path); err != nil {
		s.durable.owe(key)
		return inDoubt(err)
	}
	s.durable.paid(key)
	return nil
}

// exists reports whether there is anything at path.
func (s *Store) exists(path string) (bool, error) {
	_, err := s.root.Lstat(path)
	if isGone(err) {
		return false, nil
	}
	return err == nil, err
}

// seal gives the file its attributes, and the permissions of the one that it replaces, and makes
// all durable. It reports whether the attributes need a sidecar.
func (t *temp) seal(a *attrs) (needsSidecar bool, err error) {
	if t.sealed {
		if fi, err := t.f.Stat(); err == nil && fi.Mode()&0o200 == 0 {
			// The attempt before took the right to set attributes.
			t.f.Chmod(fi.Mode().Perm() | 0o200)
		}
	}
	t.sealed = true
	fi, err := t.stamp(a, t.now())
	if err != nil {
		return false, err
	}
	a.Size = fi.Size()
	data, err := a.encode()
	if err != nil {
		return false, err
	}
	stored := false
	if !t.s.noXattr {
		if stored, err = setXattr(t.f, data); err != nil {
			return false, err
		}
		if !stored {
			removeXattr(t.f) // a smaller one of an attempt before
		}
	}
	if err := t.s.like(t.f, t.old); err != nil {
		return false, err
	}
	return !stored, t.s.syncFile(t.f)
}

// now is the time of a write. It is behind that of the file that is replaced, also where the clock
// was set back.
func (t *temp) now() time.Time {
	now := time.Now().UnixNano()
	if t.old != nil {
		now = max(now, t.old.ModTime().UnixNano()+1)
	}
	return time.Unix(0, now)
}

// stamp gives the file a modification time that no write leaves, and notes what the file system
// made of it.
func (t *temp) stamp(a *attrs, mtime time.Time) (fs.FileInfo, error) {
	mtime = mtime.Truncate(t.s.tick)
	if err := t.s.root.setTime(t.f, t.path, mtime); err != nil {
		return nil, err
	}
	fi, err := t.f.Stat()
	if err == nil {
		a.ModTime = fi.ModTime().UnixNano()
	}
	return fi, err
}
