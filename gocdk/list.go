package gocdk

import (
	"context"
	"errors"
	"strings"

	"github.com/polystore/storage"
	"gocloud.dev/blob/driver"
)

const defaultPage = 1000

// ListPaged lists in the order of the encoded keys. It holds the caller's prefix and delimiter against the decoded keys,
// since an escaped slash is a slash to the caller; the service is asked to roll up only by "/" and by what is always escaped.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	if err := hook(opts.BeforeList); err != nil {
		return nil, err
	}
	size := opts.PageSize
	if size == 0 {
		size = defaultPage
	}
	var after, shown string // the last encoded key that was dealt with, and the directory that was shown last
	if len(opts.PageToken) > 0 {
		var ok bool
		if after, shown, ok = splitToken(string(opts.PageToken)); !ok {
			return nil, &storage.Error{Op: "List", Kind: storage.ErrInvalid, Err: errors.New("not a page token of this bucket")}
		}
	}
	prefix, whole, alone := encodePrefix(opts.Prefix)
	list := &storage.ListOptions{Prefix: prefix, StartAfter: after, PageSize: min(size+1, defaultPage)}
	switch d := opts.Delimiter; {
	case d == "" || !whole: // rolling up behind a part of the prefix would hide what is behind all of it
	case d == "/":
		list.Delimiter = d
	case encode(d, false) == strings.Repeat(escape(rune(d[0])), len(d)):
		list.Delimiter = encode(d, false)
	}
	page := new(driver.ListPage)
	if alone && len(opts.PageToken) == 0 {
		o, err := b.b.Stat(ctx, encodeKey(opts.Prefix), nil)
		if err == nil {
			page.Objects = append(page.Objects, listed(opts.Prefix, o))
		} else if !errors.Is(err, storage.ErrNotExist) && !errors.Is(err, storage.ErrInvalidKey) {
			return nil, err
		}
	}
	for o, err := range b.b.List(ctx, list) {
		if err != nil {
			return nil, err
		}
		key, dir := decodeKey(o.Key), false
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		if opts.Delimiter != "" {
			if i := strings.Index(rest, opts.Delimiter); i >= 0 {
				key, dir = key[:len(key)-len(rest)+i+len(opts.Delimiter)], true
			}
		}
		if dir {
			again := key == shown
			if !again {
				if again, err = b.shownBefore(ctx, key, o.Key); err != nil {
					return nil, err
				}
			}
			if again {
				after = o.Key
				continue
			}
		}
		if len(page.Objects) == size {
			page.NextPageToken = []byte(joinToken(after, shown))
			return page, nil
		}
		if dir {
			page.Objects = append(page.Objects, &driver.ListObject{Key: key, IsDir: true})
			shown = key
		} else {
			page.Objects = append(page.Objects, listed(key, o))
		}
		after = o.Key
	}
	return page, nil
}

// shownBefore reports whether a key that sorts before at lies in the directory dir. Encoded, the keys of a directory stand together, but
// for those whose last character is escaped just because it is the last: "d/" sorts behind "d/x" and "d0/x".
func (b *bucket) shownBefore(ctx context.Context, dir, at string) (bool, error) {
	prefix, whole, _ := encodePrefix(dir)
	if whole && strings.HasPrefix(at, prefix) {
		return false, nil
	}
	for o, err := range b.b.List(ctx, &storage.ListOptions{Prefix: prefix}) {
		if err != nil {
			return false, err
		}
		if o.Key >= at {
			break
		}
		if strings.HasPrefix(decodeKey(o.Key), dir) {
			return true, nil
		}
	}
	return false, nil
}

func listed(key string, o *storage.Object) *driver.ListObject {
	return &driver.ListObject{Key: key, ModTime: o.ModTime, Size: o.Size, MD5: o.Checksums.MD5}
}
