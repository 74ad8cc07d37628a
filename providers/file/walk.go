package file

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/polystore/storage/driver"
)

// A walk goes over the objects under prefix in the byte order of their keys, from any point on. It
// reads the directories that it needs and no others, and keeps of each only the next maxNames
// names: a directory that has more is read again when these are used up.
type walk struct {
	s                 *Store
	prefix, delimiter string
	after             string // only keys behind it
	skip              string // only keys that do not begin with it; "" skips nothing
	stack             []*frame
	refused           error // the first that may not be read; for the end of the list
	trail             trail
}

// found is what a walk comes to: an object, or a subtree with objects whose keys all have the
// delimiter behind the prefix; its key then ends in a slash.
type found struct {
	key  string
	path string // of the object's file; "" if it is for find to say
}

// A frame is one directory of keys: those that begin with base. It is one directory of files, or
// two, one on each way.
type frame struct {
	base  string
	dirs  []string
	heads []head // of dirs, once they are read
}

// A head is where a walk is in a directory of files.
type head struct {
	dir string
	x   *index // nil: there is nothing
	i   int
}

// at reports whether the walk is at an order.
func (h *head) at(order []byte) bool {
	return h.x != nil && h.i < h.x.len() && bytes.Equal(h.x.order(h.i), order)
}

// An item is what one name stands for, as part of a key.
type item struct {
	order string   // ends in a slash for a subtree: keys have the order of these
	dir   string   // of an object, the directory that has its file; "" if it is for find to say
	over  bool     // the object may be in the directory of its name
	dirs  []string // of a subtree
	some  bool
}

// newWalk begins a walk. Beginning costs the directories along the prefix, and no more. The caller
// closes its trail when it pauses.
func (s *Store) newWalk(prefix, delimiter, after string) (*walk, error) {
	w := &walk{s: s, prefix: prefix, delimiter: delimiter, after: after, trail: trail{s: s}}
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	dirs, err := s.dirsOf(base)
	if len(dirs) > 0 {
		w.stack = []*frame{{base: base, dirs: dirs}}
	}
	return w, err
}

// dirsOf returns the directories that have the keys which begin with base: "", or segments each
// with its slash.
func (s *Store) dirsOf(base string) (dirs []string, err error) {
	var segs []string
	for seg := range strings.SplitSeq(strings.TrimSuffix(base, "/"), "/") {
		if base == "" {
			break
		}
		if !goodSegment(seg) {
			return nil, nil // no key begins like this
		}
		segs = append(segs, seg)
	}
	for _, w := range ways(segs) {
		d, err := s.openWay(w)
		if err != nil {
			return nil, err
		}
		if d != nil {
			dirs = append(dirs, w.path(len(segs)))
			s.leave(d)
		}
	}
	return dirs, nil
}

// past reports whether no key that begins with p is to be visited; for a whole key, whether it is
// not.
func (w *walk) past(p string, subtree bool) bool {
	skipped := w.skip != "" && strings.HasPrefix(p, w.skip)
	if skipped || p <= w.after && !(subtree && strings.HasPrefix(w.after, p)) {
		return true
	}
	return !strings.HasPrefix(p, w.prefix) && !(subtree && strings.HasPrefix(w.prefix, p))
}

// rolledUp returns the common prefix that all keys that begin with p are rolled up into, if p is
// long enough to tell.
func (w *walk) rolledUp(p string) (string, bool) {
	return driver.CommonPrefix(p, w.prefix, w.delimiter)
}

// next returns what follows, nil at the end.
func (w *walk) next(ctx context.Context) (*found, error) {
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := w.stack[len(w.stack)-1]
		if w.skip != "" && strings.HasPrefix(f.base, w.skip) {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		it, err := w.item(ctx, f)
		if err != nil {
			return nil, err
		}
		if it == nil {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		key := f.base + it.order
		if w.past(key, it.dirs != nil) {
			continue
		}
		if it.dirs == nil {
			return it.object(key), nil
		}
		if entry, ok := w.rolledUp(key); !ok {
			w.stack = append(w.stack, &frame{base: key, dirs: it.dirs})
		} else if entry > w.after {
			for _, dir := range it.dirs {
				holds, err := w.s.holdsObject(ctx, &w.trail, dir, len(key))
				if holds {
					return &found{key: key}, nil
				}
				if err = w.refuse(dir, err); err != nil {
					return nil, err
				}
			}
		}
	}
	return nil, nil
}

func (it *item) object(key string) *found {
	switch {
	case it.dir == "":
		return &found{key: key}
	case it.over:
		return &found{key, join(it.dir, it.order) + "/" + over}
	}
	return &found{key, join(it.dir, it.order)}
}

// start is the first order in the directory of keys that begin with base that can be visited.
func (w *walk) start(base string) (start string) {
	for _, from := range [...]string{w.after, w.prefix} {
		if rel, ok := strings.CutPrefix(from, base); ok {
			if i := strings.IndexByte(rel, '/'); i >= 0 {
				rel = rel[:i+1] // the subtree comes before what is in it
			}
			start = max(start, rel)
		}
	}
	return start
}

// item returns what is next in the frame; nil at its end.
func (w *walk) item(ctx context.Context, f *frame) (*item, error) {
	if f.heads == nil {
		f.heads = make([]head, len(f.dirs))
		for i, dir := range f.dirs {
			f.heads[i].dir = dir
			if err := w.load(ctx, &f.heads[i], w.start(f.base)); err != nil {
				return nil, err
			}
		}
	}
	for {
		var next []byte
		for i := range f.heads {
			h := &f.heads[i]
			for h.x != nil && h.i == h.x.len() {
				if err := w.turn(ctx, h); err != nil {
					return nil, err
				}
			}
			if h.x != nil && (next == nil || bytes.Compare(h.x.order(h.i), next) < 0) {
				next = h.x.order(h.i)
			}
		}
		if next == nil {
			return nil, nil
		}
		key := f.base + string(next)
		if key > w.prefix && !strings.HasPrefix(key, w.prefix) {
			return nil, nil // and so is everything behind it
		}
		it := &item{order: key[len(f.base):]}
		for i := range f.heads {
			for h := &f.heads[i]; h.at(next); h.i++ {
				it.join(h.dir, h.x.kind(h.i))
			}
		}
		if (it.some || it.dirs != nil) && it.fits(len(f.base)) && !w.past(key, it.dirs != nil) {
			return it, nil
		}
	}
}

// join adds what one more name of the same order stands for. No way has directories with mark and
// directories without it.
func (it *item) join(dir string, kind byte) {
	beside := isBeside(dir)
	switch {
	case kind == isMarked && (beside || dir == "."):
		it.dirs = append(it.dirs, join(dir, strings.TrimSuffix(it.order, "/")+mark))
	case kind == isMarked, beside && kind != isFile:
	case kind == isPlain:
		it.dirs = append(it.dirs, join(dir, strings.TrimSuffix(it.order, "/")))
	default:
		switch {
		case !it.some:
			it.some, it.dir, it.over = true, dir, kind == isOver
		case it.dir != dir || it.over != (kind == isOver):
			it.dir = "" // two files
		}
	}
}

// load goes to an order in a directory.
func (w *walk) load(ctx context.Context, h *head, start string) error {
	x, err := w.s.indexOf(ctx, &w.trail, h.dir, start)
	if err = w.refuse(h.dir, err); err != nil {
		return err
	}
	if h.x = x; x != nil {
		h.i = x.search(start)
	}
	return nil
}

// turn goes on where an index ends.
func (w *walk) turn(ctx context.Context, h *head) error {
	if h.x.more {
		return w.load(ctx, h, h.x.bound+"\x00")
	}
	w.s.indexes.done(h.dir, h.x)
	h.x = nil
	return nil
}

// fits reports whether the item's keys, which begin with base bytes, may be as long as they are: a
// tree of another program can be deeper.
func (it *item) fits(base int) bool {
	if it.dirs != nil {
		return base+len(it.order) < maxKey
	}
	return base+len(it.order) <= maxKey
}

// holdsObject reports whether there is an object anywhere in the directory dir of keys, which begin
// with base bytes. It is not the root.
func (s *Store) holdsObject(
	ctx context.Context, t *trail, dir string, base int,
) (bool, error) {
	var below []string
	var failed, refused error
	holds, beside := false, isBeside(dir)
	_, err := s.eachEntry(ctx, t, dir, func(name string, typ fs.FileMode) bool {
		children, isOwn := strings.CutSuffix(name, mark)
		switch {
		case isOwn:
			if beside && typ.IsDir() && goodSegment(children) && base+len(children)+1 < maxKey {
				below = append(below, name)
			}
		case !goodSegment(name):
		case typ.IsRegular():
			holds = holds || base+len(name) <= maxKey
		case typ.IsDir() && !beside:
			if base+len(name)+1 < maxKey {
				below = append(below, name)
			}
			if base+len(name) <= maxKey {
				fi, err := s.overIn(t, dir, name)
				holds = holds || fi != nil && fi.Mode().IsRegular()
				failed = cmp.Or(failed, err)
			}
		}
		return !holds
	})
	if err == nil && !holds {
		err = failed
	}
	for _, sub := range below {
		if holds || err != nil {
			break
		}
		n := base + len(strings.TrimSuffix(sub, mark)) + 1
		holds, err = s.holdsObject(ctx, t, join(dir, sub), n)
		if errors.Is(err, fs.ErrPermission) { // another may hold one
			refused, err = cmp.Or(refused, err), nil
		}
	}
	if err == nil && !holds {
		err = refused
	}
	return holds, err
}

// overIn is the file of the object name in the directory dir that is over a directory; nil if there
// is none.
func (s *Store) overIn(t *trail, dir, name string) (fs.FileInfo, error) {
	d, err := t.open(dir)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.lstatIn(d, name+"/"+over)
}

// eachEntry calls visit for the names in a directory, until it returns false, and returns what the
// directory was like before; nil if it is not there. A name may come twice.
func (s *Store) eachEntry(
	ctx context.Context, t *trail, dir string, visit func(name string, typ fs.FileMode) bool,
) (fs.FileInfo, error) {
	at, err := t.open(dir)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.eachIn(ctx, at, ".", visit)
}
