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

	sorted bool // by the encoded keys, as far as is known

	after string // the last encoded key that was dealt with
	shown string // the directory that was shown last
	token string // the service's own; empty: the list goes on behind after
}

// fill makes the whole page.
func (l *listing) fill(ctx context.Context, list *storage.ListOptions) error {
	l.sorted = true
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
	l.sorted = false
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
		if key == l.shown {
			return false, nil
		}
		if ok, err := l.standsFor(ctx, key, o); err != nil || !ok {
			return false, err
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

// standsFor reports whether the directory dir is shown in place of the entry o: it is, of what lies
// in dir, the first that a list of dir has, whatever the order of lists is.
func (l *listing) standsFor(ctx context.Context, dir string, o *storage.Object) (bool, error) {
	prefix, whole, _ := encodePrefix(dir)
	switch {
	case whole && o.IsPrefix && o.Key == prefix: // the service shows it once
		return true, nil
	case whole && l.sorted && strings.HasPrefix(o.Key, prefix): // its keys stand together
		return true, nil
	}
	for first, err := range l.b.b.List(ctx, &storage.ListOptions{Prefix: prefix}) {
		if err != nil {
			return false, err
		}
		if strings.HasPrefix(decodeKey(first.Key), dir) {
			return first.Key == o.Key || o.IsPrefix && strings.HasPrefix(first.Key, o.Key), nil
		}
	}
	// There is but the key that is dir: its last character is escaped because it is the last, so
	// that it stands apart. "d/" sorts behind "d/x" and "d0/x".
	return true, nil
}

// listed returns the object under key as a list has it, or nil. A Stat would take a permission that
// a list does not. Lists need not be sorted, and a service may read all of the directory for it,
// but not what lies deeper.
func (b *bucket) listed(ctx context.Context, key string) (*storage.Object, error) {
	key = encodeKey(key)
	list := &storage.ListOptions{Prefix: key, Delimiter: "/"}
	for o, err := range b.b.List(ctx, list) {
		switch {
		case errors.Is(err, storage.ErrInvalidKey): // escaped, it is too long for an object
			return nil, nil
		case err != nil:
			return nil, err
		case o.Key == key:
			return o, nil
		}
	}
	return nil, nil
}

func listObject(key string, o *storage.Object) *driver.ListObject {
	return &driver.ListObject{Key: key, ModTime: o.ModTime, Size: o.Size, MD5: o.Checksums.MD5}
}
