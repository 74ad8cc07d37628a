package gocdk

import (
	"context"
	"errors"
	"strings"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"gocloud.dev/blob/driver"
)

// maxPage is the largest page of either side, and the default one.
const maxPage = 1000

// ListPaged lists in the order of the encoded keys. It holds the caller's prefix and delimiter
// against the decoded keys, since an escaped slash is a slash to the caller; the service is asked
// to roll up by "/" only, which is a slash wherever it stands unescaped. What any other delimiter
// becomes may stand in a key that only looks escaped.
func (b *bucket) ListPaged(
	ctx context.Context, opts *driver.ListOptions,
) (*driver.ListPage, error) {
	if err := hook(opts.BeforeList); err != nil {
		return nil, err
	}
	size := opts.PageSize
	if size == 0 {
		size = maxPage
	}
	// The last encoded key that was dealt with, and the directory that was shown last.
	var after, shown string
	if len(opts.PageToken) > 0 {
		both, err := kit.DecodeToken(string(opts.PageToken), 2)
		if err != nil {
			return nil, err
		}
		after, shown = both[0], both[1]
	}
	prefix, whole, alone := encodePrefix(opts.Prefix)
	list := &storage.ListOptions{
		Prefix: prefix, StartAfter: after, PageSize: min(size, maxPage-1) + 1,
	}
	// Rolling up behind a part of the prefix would hide what is behind all of it.
	if opts.Delimiter == "/" && whole {
		list.Delimiter = "/"
	}
	page := new(driver.ListPage)
	if alone && len(opts.PageToken) == 0 {
		o, err := b.listed(ctx, opts.Prefix)
		if err != nil {
			return nil, err
		}
		if o != nil {
			page.Objects = append(page.Objects, listObject(opts.Prefix, o))
		}
	}
	for o, err := range b.b.List(ctx, list) {
		if err != nil {
			return nil, err
		}
		key, dir := o.Key, false
		if o.IsPrefix {
			key = unescape(key)
		} else {
			key = decodeKey(key)
		}
		if !strings.HasPrefix(key, opts.Prefix) {
			continue
		}
		if common, ok := kit.CommonPrefix(key, opts.Prefix, opts.Delimiter); ok {
			key, dir = common, true
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
			page.NextPageToken = []byte(kit.EncodeToken(after, shown))
			return page, nil
		}
		if dir {
			page.Objects = append(page.Objects, &driver.ListObject{Key: key, IsDir: true})
			shown = key
		} else {
			page.Objects = append(page.Objects, listObject(key, o))
		}
		after = o.Key
	}
	return page, nil
}

// shownBefore reports whether a key that sorts before at lies in the directory dir. Encoded, the
// keys of a directory stand together, but for those whose last character is escaped just because it
// is the last: "d/" sorts behind "d/x" and "d0/x".
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

// listed returns the object under key as a list has it, or nil. A Stat would take a permission that
// a list does not.
func (b *bucket) listed(ctx context.Context, key string) (*storage.Object, error) {
	key = encodeKey(key)
	for o, err := range b.b.List(ctx, &storage.ListOptions{Prefix: key, PageSize: 1}) {
		switch {
		case errors.Is(err, storage.ErrInvalidKey): // escaped, it is too long for an object
			return nil, nil
		case err != nil:
			return nil, err
		case o.Key == key: // the first that begins with itself
			return o, nil
		}
		return nil, nil
	}
	return nil, nil
}

func listObject(key string, o *storage.Object) *driver.ListObject {
	return &driver.ListObject{Key: key, ModTime: o.ModTime, Size: o.Size, MD5: o.Checksums.MD5}
}
