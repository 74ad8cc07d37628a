package file

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

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
	unread            *found // what next returns next
	refused           error  // the first that may not be read; for the end of the list
}

// found is what a walk comes to: an object, or a subtree with objects whose keys all have the
// delimiter behind the prefix; its key then ends in a slash.
type found struct {
	key  string
	path string // of the object's file; "" if it is for find to say
}

// A frame is one directory of keys: those that begin with base. It is one directory of files, or
// two, a and a., or more below such.
type frame struct {
	base   string
	dirs   []string
	state  []fs.FileInfo // of dirs, from before they were read
	readAt time.Time
	items  []item // in order, those that are still to come
	more   bool   // there are more names behind the last of items
	last   string // the last order that was read
}

// An item is what one name stands for.
type item struct {
	// The name, for a subtree with the slash that its keys have: keys have the order of these.
	order string
	dir   string   // of an object, the directory that has its file; "" if it is for find to say
	over  bool     // the object may be in the directory of its name
	dirs  []string // of a subtree
}

// newWalk begins a walk. Beginning costs the directories along the prefix, and no more.
func (s *Store) newWalk(prefix, delimiter, after string) (*walk, error) {
	w := &walk{s: s, prefix: prefix, delimiter: delimiter, after: after}
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	dirs, err := s.dirsOf(base)
	if len(dirs) > 0 {
		w.stack = []*frame{{base: base, dirs: dirs, more: true}}
	}
	return w, err
}

// dirsOf returns the directories that have the keys which begin with base: "", or segments each
// with its slash.
func (s *Store) dirsOf(base string) ([]string, error) {
	dirs := []string{"."}
	for seg := range strings.SplitAfterSeq(base, "/") {
		if seg == "" {
			break // behind the last slash
		}
		seg = strings.TrimSuffix(seg, "/")
		if !goodSegment(seg) {
			return nil, nil // no key begins like this
		}
		var below []string
		for _, dir := range dirs {
			for _, path := range [...]string{join(dir, seg), join(dir, seg+mark)} {
				fi, err := s.lstat(path)
				if err != nil {
					return nil, err
				}
				if fi != nil && fi.IsDir() {
					below = append(below, path)
				}
			}
		}
		dirs = below
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
	if u := w.unread; u != nil {
		w.unread = nil
		return u, nil
	}
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := w.stack[len(w.stack)-1]
		if w.skip != "" && strings.HasPrefix(f.base, w.skip) || len(f.items) == 0 && !f.more {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		if len(f.items) == 0 {
			if err := w.read(ctx, f); err != nil {
				return nil, err
			}
			continue
		}
		it := f.items[0]
		f.items = f.items[1:]
		key := f.base + it.order
		if w.past(key, it.dirs != nil) {
			continue
		}
		if it.dirs == nil {
			return it.object(key), nil
		}
		if entry, ok := w.rolledUp(key); !ok {
			w.stack = append(w.stack, &frame{base: key, dirs: it.dirs, more: true})
		} else if entry > w.after {
			for _, dir := range it.dirs {
				holds, err := w.s.holdsObject(ctx, dir)
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

// read fills the frame with its next names.
func (w *walk) read(ctx context.Context, f *frame) error {
	f.more, f.state, f.readAt = false, f.state[:0], time.Now()
	var items []item
	bound := "" // with f.more: names behind it are for the next time
	add := func(it item) {
		if it.order <= f.last || f.more && it.order > bound ||
			w.past(f.base+it.order, it.dirs != nil) {
			return
		}
		if items = append(items, it); len(items) >= 2*w.s.maxNames {
			if items = lowest(items); len(items) > w.s.maxNames {
				items, f.more = items[:w.s.maxNames], true
				bound = items[len(items)-1].order
			}
		}
	}
	for _, dir := range f.dirs {
		fi, err := w.s.eachEntry(ctx, dir, func(name string, typ fs.FileMode) bool {
			classifyEntry(dir, name, typ, add)
			return true
		})
		if err = w.refuse(dir, err); err != nil {
			return err
		}
		f.state = append(f.state, fi)
	}
	if items = lowest(items); len(items) > w.s.maxNames {
		items, f.more = items[:w.s.maxNames], true
	}
	if f.items = items; len(items) > 0 {
		f.last = items[len(items)-1].order
	}
	return nil
}

// classifyEntry says what a directory entry stands for. A directory a stands for the subtree a/,
// and perhaps for the object a in it.
func classifyEntry(dir, name string, typ fs.FileMode, add func(item)) {
	children, isOwn := strings.CutSuffix(name, mark)
	switch {
	case isOwn:
		if typ.IsDir() && goodSegment(children) {
			add(item{order: children + "/", dirs: []string{join(dir, name)}})
		}
	case !goodSegment(name):
	case typ.IsRegular():
		add(item{order: name, dir: dir})
	case typ.IsDir():
		add(item{order: name, dir: dir, over: true})
		add(item{order: name + "/", dirs: []string{join(dir, name)}})
	}
}

// lowest sorts the items and joins what stands for the same.
func lowest(items []item) []item {
	slices.SortStableFunc(items, func(a, b item) int { return strings.Compare(a.order, b.order) })
	n := 0
	for _, it := range items {
		if n == 0 || items[n-1].order != it.order {
			items[n] = it
			n++
			continue
		}
		same := &items[n-1]
		if it.dirs == nil {
			if same.dir != it.dir || same.over != it.over {
				same.dir = "" // two files
			}
			continue
		}
		same.dirs = append(same.dirs, it.dirs...)
		slices.Sort(same.dirs) // a before a.
		same.dirs = slices.Compact(same.dirs)
	}
	return items[:n]
}

// holdsObject reports whether there is an object anywhere in the directory dir of keys.
func (s *Store) holdsObject(ctx context.Context, dir string) (bool, error) {
	var below []string
	var failed, refused error
	holds := false
	_, err := s.eachEntry(ctx, dir, func(name string, typ fs.FileMode) bool {
		classifyEntry(dir, name, typ, func(it item) {
			switch {
			case it.dirs != nil:
				below = append(below, it.dirs...)
			case it.over:
				fi, err := s.lstat(join(dir, it.order) + "/" + over)
				holds = holds || fi != nil && fi.Mode().IsRegular()
				if failed == nil {
					failed = err
				}
			default:
				holds = true
			}
		})
		return !holds
	})
	if err == nil && !holds {
		err = failed
	}
	for _, sub := range below {
		if holds || err != nil {
			break
		}
		holds, err = s.holdsObject(ctx, sub)
		if errors.Is(err, fs.ErrPermission) { // another may hold one
			refused, err = cmp.Or(refused, err), nil
		}
	}
	if err == nil && !holds {
		err = refused
	}
	return holds, err
}

// eachEntry calls visit for the names in a directory, until it returns false, and returns what the
// directory was like before; nil if it is not there. A name may come twice.
func (s *Store) eachEntry(
	ctx context.Context, dir string, visit func(name string, typ fs.FileMode) bool,
) (fs.FileInfo, error) {
	d, err := s.root.Open(dir)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	fi, err := d.Stat()
	if err != nil || !fi.IsDir() {
		return nil, err
	}
	if err := s.readDir(ctx, d, dir, visit); err != nil && !isGone(err) { // gone: removed meanwhile
		return nil, err
	}
	return fi, nil
}
