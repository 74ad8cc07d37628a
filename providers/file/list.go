package file

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxPage is the largest page, and the default one.
const maxPage = 1000

// ListPage walks the tree in the order of the keys. A page token is the last entry of the page
// before, so a list can be taken up by any process at any time.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	after, err := driver.ListAfter(opts)
	if err != nil {
		return nil, err
	}
	refused := ""
	if opts.PageToken != "" {
		after, refused, _ = strings.Cut(after, refusal)
	}
	w, err := s.newWalk(opts.Prefix, opts.Delimiter, after)
	if err != nil {
		return nil, classify(err)
	}
	defer w.trail.close()
	if refused != "" && w.refused == nil {
		w.refused = refusedPath(refused)
	}
	size := driver.PageSize(opts.PageSize, maxPage)
	page := new(storage.Page)
	for {
		f, err := w.next(ctx)
		if err != nil {
			return nil, classify(err)
		}
		if f == nil {
			switch n := len(page.Objects); {
			case w.refused == nil && n == 0 && s.removed():
				return nil, kind(storage.ErrNoBucket)
			case w.refused != nil && n == 0:
				return nil, classify(w.refused)
			case w.refused != nil:
				page.NextToken = w.token(page.Objects[n-1].Key)
			}
			return page, nil
		}
		o, err := s.entry(ctx, w, f)
		if err = w.refuse(cmp.Or(f.path, f.key), err); err != nil {
			return nil, classify(err)
		}
		if o == nil {
			continue
		}
		if len(page.Objects) == size {
			page.NextToken = w.token(page.Objects[size-1].Key)
			return page, nil
		}
		if o.IsPrefix {
			w.skip = o.Key
		}
		page.Objects = append(page.Objects, o)
	}
}

// entry is what a list says of f: nil if nothing.
func (s *Store) entry(ctx context.Context, w *walk, f *found) (*storage.Object, error) {
	prefix, rolled := w.rolledUp(f.key)
	if rolled && prefix <= w.after {
		w.skip = prefix // in the page before, or not asked for
		return nil, nil
	}
	if rolled && strings.HasSuffix(f.key, "/") {
		return &storage.Object{Key: prefix, IsPrefix: true}, nil
	}
	o, err := s.listed(ctx, w, f)
	if o != nil && rolled {
		return &storage.Object{Key: prefix, IsPrefix: true}, nil
	}
	return o, err
}

// listed describes an object of a list; nil where it has gone meanwhile, or where there is only a
// directory of its name.
func (s *Store) listed(ctx context.Context, w *walk, f *found) (*storage.Object, error) {
	if f.path != "" {
		o, there, err := s.listedAt(w, f)
		if o != nil || !there || err != nil {
			return o, err
		}
	}
	// It has moved, or there are two.
	a, err := s.stat(ctx, f.key)
	if errors.Is(err, storage.ErrNotExist) || errors.Is(err, storage.ErrInvalidKey) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a.listed(f.key), nil
}

// listedAt is listed for the file at f.path. It returns nothing if the file is not there any more,
// and reports whether the object could be elsewhere.
func (s *Store) listedAt(w *walk, f *found) (_ *storage.Object, elsewhere bool, _ error) {
	path, isOver := strings.CutSuffix(f.path, "/"+over)
	dir, name := parent(path)
	d, err := w.trail.open(dir)
	if isGone(err) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if isOver {
		name += "/" + over
		fi, err := s.lstatIn(d, name)
		if err != nil || fi == nil || !fi.Mode().IsRegular() {
			return nil, false, atPath(err, f.path)
		}
	}
	file, err := s.openAt(d, name, f.key, nil)
	if errors.Is(err, fs.ErrPermission) { // there it is, all the same
		fi, err := s.lstatIn(d, name)
		if fi == nil {
			return nil, false, atPath(err, f.path)
		}
		return foreign(fi).listed(f.key), false, nil
	}
	if err != nil || file == nil {
		return nil, true, atPath(err, f.path)
	}
	file.Close()
	return file.version.listed(f.key), false, nil
}
