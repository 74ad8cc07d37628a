package gocdk

import (
	"context"
	"errors"
	"math"
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
	from, err := kit.DecodeToken(string(opts.PageToken), 3)
	if err != nil {
		return nil, err
	}
	l := &listing{
		b: b, opts: opts, size: size, page: new(driver.ListPage),
		after: from[0], shown: from[1], token: from[2],
	}
	prefix, whole, alone := encodePrefix(opts.Prefix)
	list := &storage.ListOptions{Prefix: prefix}
	// Rolling up behind a part of the prefix would hide what is behind all of it.
	if opts.Delimiter == "/" && whole {
		list.Delimiter = "/"
	}
	if alone && len(opts.PageToken) == 0 {
		o, err := b.listed(ctx, opts.Prefix)
		if err != nil {
			return nil, err
		}
		if o != nil {
			l.page.Objects = append(l.page.Objects, listObject(opts.Prefix, o))
		}
	}
	byToken := l.token != "" || l.after == "" && !b.b.Capabilities().ListSplit
	if !byToken {
		first, found := l.after == "", l.page.Objects
		if err := l.fill(ctx, list); err != nil {
			return nil, err
		}
		// The entries may have shown that the order is another one, where nothing begins behind
		// a key. Then the page is made anew.
		if byToken = first && !b.b.Capabilities().ListSplit; byToken {
			l.page, l.after, l.shown = &driver.ListPage{Objects: found}, "", from[1]
		}
	}
	if byToken {
		if err := l.goOn(ctx, list); err != nil {
			return nil, err
		}
	}
	return l.page, nil
}

// listing is a page that is being made.
type listing struct {
	b    *bucket
	opts *driver.ListOptions
	size int
	page *driver.ListPage

	after string // the last encoded key that was dealt with
	shown string // the directory that was shown last
	token string // the service's own; empty: the list goes on behind after
}

// fill makes the whole page.
func (l *listing) fill(ctx context.Context, list *storage.ListOptions) error {
	list.StartAfter, list.PageSize = l.after, min(l.size, maxPage-1)+1
	for o, err := range l.b.b.List(ctx, list) {
		if err != nil {
			return err
		}
		full, err := l.add(ctx, o)
		if err != nil {
			return err
		}
		if full {
			l.more()
			break
		}
		l.after = o.Key
	}
	return nil
}

// goOn makes as much of the page as one of the service's has. The service may start after no key,
// or only by reading up to it.
func (l *listing) goOn(ctx context.Context, list *storage.ListOptions) error {
	list.PageToken, list.PageSize = l.token, min(l.size-len(l.page.Objects), maxPage)
	if list.PageSize == 0 {
		l.more()
		return nil
	}
	page, err := l.b.b.ListPage(ctx, list)
	if err != nil {
		return err
	}
	l.size = math.MaxInt // what the service adds to the page is not left out
	for _, o := range page.Objects {
		if _, err := l.add(ctx, o); err != nil {
			return err
		}
	}
	if l.token = page.NextToken; l.token != "" {
		l.more()
	}
	return nil
}

// more says that there are more pages.
func (l *listing) more() {
	l.page.NextPageToken = []byte(kit.EncodeToken(l.after, l.shown, l.token))
}

// add adds what the caller sees of an entry, if anything. It is not added where the page is full.
func (l *listing) add(ctx context.Context, o *storage.Object) (full bool, err error) {
	key, dir := o.Key, false
	if o.IsPrefix {
		key = unescape(key)
	} else {
		key = decodeKey(key)
	}
	if !strings.HasPrefix(key, l.opts.Prefix) {
		return false, nil
	}
	if common, ok := kit.CommonPrefix(key, l.opts.Prefix, l.opts.Delimiter); ok {
		key, dir = common, true
	}
	if dir {
		again := key == l.shown
		if !again {
			if again, err = l.b.shownBefore(ctx, key, o.Key); err != nil {
				return false, err
			}
		}
		if again {
			return false, nil
		}
	}
	switch {
	case len(l.page.Objects) == l.size:
		return true, nil
	case dir:
		l.page.Objects = append(l.page.Objects, &driver.ListObject{Key: key, IsDir: true})
		l.shown = key
	default:
		l.page.Objects = append(l.page.Objects, listObject(key, o))
	}
	return false, nil
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
