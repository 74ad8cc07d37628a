package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// place returns where a new object goes, and makes the directories that it needs: children of a
// file a go into a., and an object over a directory a is a/... .
func (s *Store) place(ctx context.Context, segs []string) (string, error) {
	d, path := s.root, "."
	defer func() {
		if d != s.root {
			d.Close()
		}
	}()
	for _, seg := range segs[:len(segs)-1] {
		name, err := s.descend(ctx, d, path, seg)
		var sub *os.Root
		if err == nil {
			sub, err = openDir(d, name)
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
func (s *Store) descend(ctx context.Context, d *os.Root, path, seg string) (string, error) {
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
// needs one of them at this moment finds it gone and makes it again.
func (s *Store) prune(path string) {
	dir, _ := parent(path)
	if dir == "." || removeDir(s.root, dir) != nil {
		return // as a rule
	}
	dir, _ = parent(dir)
	for dir != "." {
		segs := strings.Split(dir, "/")
		n := max(0, len(segs)-maxPrune)
		if !s.pruneBelow(strings.Join(segs[:n], "/"), segs[n:]) || n == 0 {
			return
		}
		dir = strings.Join(segs[:n], "/")
	}
}

// pruneBelow removes the directory of segs below dir, then the one above it, until one is not
// empty. It reports whether all are gone.
func (s *Store) pruneBelow(dir string, segs []string) bool {
	d := s.root
	if dir != "" {
		sub, err := openDir(d, dir)
		if err != nil {
			return false
		}
		defer sub.Close()
		d = sub
	}
	dirs := []*os.Root{d}
	for _, seg := range segs[:len(segs)-1] {
		sub, err := openDir(d, seg)
		if err != nil {
			return false
		}
		defer sub.Close()
		d = sub
		dirs = append(dirs, d)
	}
	for i := len(segs) - 1; i >= 0; i-- {
		if removeDir(dirs[i], segs[i]) != nil {
			return false
		}
	}
	return true
}
