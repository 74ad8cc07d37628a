package file

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// place returns where a new object goes, and makes the directories that it needs: children of a
// file a go into a., and an object over a directory a is a/... . It calls change before it makes
// one.
func (s *Store) place(ctx context.Context, segs []string, change func()) (string, error) {
	d, path := s.root, "."
	defer func() {
		if d != s.root {
			d.Close()
		}
	}()
	for _, seg := range segs[:len(segs)-1] {
		name, err := s.descend(ctx, d, path, seg, change)
		var sub *handle
		if err == nil {
			sub, err = d.sub(name)
		}
		if err != nil {
			s.prune(join(join(path, seg), over))
			return "", err
		}
		if d != s.root {
			d.Close()
		}
		d, path = sub, join(path, name)
	}
	last := segs[len(segs)-1]
	fi, err := s.lstatForWrite(d, path, last)
	if err != nil {
		s.prune(join(path, last))
		return "", err
	}
	if path = join(path, last); fi != nil && fi.IsDir() {
		path = join(path, over)
	}
	return path, nil
}

// descend returns the name, in the directory d, of the one for the children of seg, made if need
// be.
func (s *Store) descend(
	ctx context.Context, d *handle, path, seg string, change func(),
) (string, error) {
	name := seg
	for range maxMoves {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		fi, err := s.lstatForWrite(d, path, name)
		switch {
		case err != nil:
			return "", err
		case fi == nil:
			change()
			if err := s.mkdir(d, name); err == nil || !errors.Is(err, fs.ErrExist) {
				return name, err
			}
		case fi.IsDir():
			return name, nil
		case strings.HasSuffix(name, mark):
			return "", &fs.PathError{Op: "mkdir", Path: join(path, name), Err: errInTheWay}
		default:
			name += mark
		}
	}
	return "", &fs.PathError{Op: "mkdir", Path: join(path, name), Err: errMoved}
}

// maxPrune is how many directories are held open to remove those in them.
const maxPrune = 32

// prune removes the directories above path that are empty, as far as there are any. A writer that
// needs one of them at this moment finds it gone and makes it again. An error says that an empty
// one may be left.
func (s *Store) prune(path string) error {
	dir, _ := parent(path)
	if dir == "." {
		return nil
	}
	if err := s.root.removeDir(dir); err != nil { // as a rule
		return notInUse(err)
	}
	dir, _ = parent(dir)
	for dir != "." {
		segs := strings.Split(dir, "/")
		n := max(0, len(segs)-maxPrune)
		if err := s.pruneBelow(strings.Join(segs[:n], "/"), segs[n:]); err != nil || n == 0 {
			return notInUse(err)
		}
		dir = strings.Join(segs[:n], "/")
	}
	return nil
}

// notInUse is the error of removing a directory, but for one that another key needs, or that
// somebody else has removed.
func notInUse(err error) error {
	if isGone(err) || isAny(err, syscall.ENOTEMPTY, syscall.EEXIST) {
		return nil
	}
	return err
}

// pruneBelow removes the directory of segs below dir, then the one above it, until one is not
// empty, which is an error.
func (s *Store) pruneBelow(dir string, segs []string) error {
	d := s.root
	if dir != "" {
		sub, err := d.sub(dir)
		if err != nil {
			return err
		}
		defer sub.Close()
		d = sub
	}
	dirs := []*handle{d}
	for _, seg := range segs[:len(segs)-1] {
		sub, err := d.sub(seg)
		if err != nil {
			return err
		}
		defer sub.Close()
		d = sub
		dirs = append(dirs, d)
	}
	for i := len(segs) - 1; i >= 0; i-- {
		if err := dirs[i].removeDir(segs[i]); err != nil {
			return err
		}
	}
	return nil
}
