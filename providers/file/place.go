package file

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// place returns where a new object goes, and makes the directories that it needs: those of its
// segments, or if a file is in the way of one, those with mark. An object over a directory a is
// a/... . It calls change before it makes a directory.
func (s *Store) place(ctx context.Context, segs []string, change func()) (string, error) {
	dirs, name := segs[:len(segs)-1], segs[len(segs)-1]
	for _, w := range ways(dirs) {
		d, err := s.makeWay(ctx, w, change)
		if errors.Is(err, errInTheWay) && w.mark == "" {
			continue
		}
		if err != nil {
			return "", err
		}
		defer s.leave(d)
		path := join(w.path(len(dirs)), name)
		fi, err := s.lstatForWrite(d, name)
		if err != nil {
			s.prune(path)
			return "", err
		}
		if fi != nil && fi.IsDir() && w.mark == "" {
			path = join(path, over)
		}
		if fi != nil && fi.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 {
			return "", &fs.PathError{Op: "rename", Path: path, Err: errInTheWay}
		}
		return path, nil
	}
	return "", errInTheWay
}

// makeWay opens the directory at the end of w and makes what is missing of it. The caller leaves
// it.
func (s *Store) makeWay(ctx context.Context, w way, change func()) (*handle, error) {
	d := s.root
	for i := range w.segs {
		sub, err := s.makeIn(ctx, d, w.name(i), change)
		s.leave(d)
		if err != nil {
			s.prune(join(w.path(i+1), over))
			return nil, atPath(err, w.path(i+1))
		}
		d = sub
	}
	return d, nil
}

// makeIn opens the directory name in d, which it makes if it is not there.
func (s *Store) makeIn(
	ctx context.Context, d *handle, name string, change func(),
) (*handle, error) {
	for range maxMoves {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fi, err := s.lstatForWrite(d, name)
		switch {
		case err != nil:
			return nil, err
		case fi == nil:
			change()
			if err := s.mkdir(d, name); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, err
			} else if err == nil {
				return d.sub(name)
			}
		case fi.IsDir():
			return d.sub(name)
		default:
			return nil, &fs.PathError{Op: "mkdir", Path: name, Err: errInTheWay}
		}
	}
	return nil, &fs.PathError{Op: "mkdir", Path: name, Err: errMoved}
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
