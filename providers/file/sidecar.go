package file

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

// A sidecar holds the attributes that the file system does not take as an extended attribute. Its
// path is made of the key and of the size and modification time of the file that it belongs to, so
// it cannot be paired with other bytes, and old and new version of an object each have their own.
// It is written and synced before the file is renamed into place, and those of the other versions
// are removed after it: a crash in between leaves a sidecar that belongs to nothing, until the next
// write or deletion of the key, or a New, takes it away.
//
// Where times are coarse, two versions, one after the other, can have the same size and time. While
// one is in place its sidecar is, too, and no other can take that name; so what a reader has found
// is the sidecar of its file if the file is in place still.
func sidecarPath(key string, fi fs.FileInfo) string {
	return fmt.Sprintf("%s/%s/%x-%x", sidecarDir, keyHash(key), fi.ModTime().UnixNano(), fi.Size())
}

// writeSidecar makes the sidecar of a version that is not visible yet, durably, and returns its
// path. The caller holds the lock of key.
func (s *Store) writeSidecar(key string, t *temp, a *attrs) (path string, err error) {
	fi, err := t.f.Stat()
	if err != nil {
		return "", err
	}
	for {
		path = sidecarPath(key, fi)
		if there, err := s.exists(path); err != nil {
			return "", err
		} else if !there {
			break
		}
		// Two seconds are the coarsest times there are (FAT).
		if fi, err = t.stamp(a, fi.ModTime().Add(2*time.Second)); err == nil {
			err = s.syncFile(t.f)
		}
		if err != nil {
			return "", err
		}
	}
	kept := *a
	kept.Key = key
	data, err := kept.encode()
	if err != nil {
		return "", err
	}
	f, err := s.create(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	if _, err = f.Write(data); err == nil {
		err = s.like(f, fi) // who may read the object may read what belongs to it, and nobody else
	}
	if err == nil {
		err = s.syncFile(f)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = s.syncDirs(path)
	}
	if err != nil {
		s.dropSidecar(path)
	}
	return path, err
}

// dropSidecar removes the sidecar at path, if there is one: of a version that did not become
// visible. The caller holds the lock of its key.
func (s *Store) dropSidecar(path string) {
	if path != "" {
		s.root.Remove(path)
		dir, _ := parent(path)
		s.root.Remove(dir) // if it is empty
	}
}

// readSidecar returns nil where there is none.
func (s *Store) readSidecar(key string, fi fs.FileInfo) (*attrs, error) {
	b, err := s.root.ReadFile(sidecarPath(key, fi))
	if isGone(err) {
		return nil, nil
	}
	a := decodeAttrs(b)
	if a != nil {
		a.Key = ""
	}
	return a, err
}

// maxSweep is how many keys' sidecars a New looks at: where every object has one, the next New goes
// on from elsewhere.
const maxSweep = 256

// sweepSidecars removes sidecars of versions that did not become visible, since their writer was
// killed, or the power went, before it could rename the file.
func (s *Store) sweepSidecars() {
	names, err := s.names(sidecarDir)
	if err != nil || len(names) == 0 {
		return
	}
	from := rand.IntN(len(names))
	for i := range min(len(names), maxSweep) {
		s.sweep(names[(from+i)%len(names)])
	}
}

// sweep does it for the key with a hash, if nobody writes it at the moment.
func (s *Store) sweep(hash string) {
	paths, err := s.names(join(sidecarDir, hash))
	if err != nil {
		return
	}
	if len(paths) == 0 {
		s.removeIfDead(join(sidecarDir, hash))
	}
	for _, name := range paths {
		path := join(join(sidecarDir, hash), name)
		fi, err := s.root.Lstat(path)
		if err != nil || time.Since(fi.ModTime()) < deadAfter {
			continue
		}
		b, err := s.root.ReadFile(path)
		if err != nil {
			continue
		}
		a := decodeAttrs(b)
		if a == nil || keyHash(a.Key) != hash {
			continue // of an earlier version, which did not say whose it is
		}
		segs, err := split(a.Key)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		held, err := s.lock(ctx, a.Key)
		cancel()
		if err != nil {
			continue
		}
		_, fi, err = s.find(segs)
		if err == nil && (fi == nil || sidecarPath(a.Key, fi) != path) {
			s.dropSidecar(path)
		}
		held.release()
	}
}

// removeIfDead removes an empty directory in which nobody is about to make a file.
func (s *Store) removeIfDead(dir string) {
	if fi, err := s.root.Lstat(dir); err == nil && time.Since(fi.ModTime()) >= deadAfter {
		s.root.removeDir(dir)
	}
}

// dropSidecars removes the sidecars of all versions of key but the one at the path keep; "": of
// all. It is tidying, so nothing fails with it. The caller holds the lock of key.
func (s *Store) dropSidecars(key, keep string) {
	paths, err := s.sidecars(key)
	if err == nil {
		s.removeSidecars(slices.DeleteFunc(paths, func(path string) bool { return path == keep }))
	}
}

// sidecars returns the paths of the sidecars of all versions of key.
func (s *Store) sidecars(key string) ([]string, error) {
	dir := sidecarDir + "/" + keyHash(key)
	names, err := s.names(dir)
	for i, name := range names {
		names[i] = join(dir, name)
	}
	return names, err
}

// removeSidecars removes sidecars of one key, and their directory if it is empty then. The caller
// holds the lock of key.
func (s *Store) removeSidecars(paths []string) {
	for _, path := range paths {
		s.dropSidecar(path)
	}
}
