package driver

import (
	"context"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// CommonPrefix returns the common prefix of key in a list with this prefix and delimiter: key up to
// and including the first delimiter after prefix. It returns false if key is listed by itself,
// because delimiter is empty or does not follow, and if key does not begin with prefix.
func CommonPrefix(key, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", false
	}
	i := strings.Index(rest, delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// PrefixEnd returns the least string that sorts after every string with this prefix. A list
// continues there after a common prefix. The string need not be valid UTF-8. It is "" if there is
// none: for an empty prefix, and for a prefix of bytes 0xff only.
func PrefixEnd(prefix string) string {
	last := len(prefix) - 1
	for last >= 0 && prefix[last] == 0xff { // bytes: strings.TrimRight would take U+FFFD for one
		last--
	}
	if last < 0 {
		return ""
	}
	return prefix[:last] + string([]byte{prefix[last] + 1})
}

// PageSize returns the number of entries of a page: n, or most if n is larger or not positive.
func PageSize(n, most int) int {
	if n <= 0 || n > most {
		return most
	}
	return n
}

// ListAfter returns the text after which a page begins, for keys and common prefixes. It is the
// text of the page token, which [EncodeToken] made of the last entry of the page before, or else
// StartAfter.
func ListAfter(opts *storage.ListOptions) (string, error) {
	if opts.PageToken == "" {
		return opts.StartAfter, nil
	}
	token, err := DecodeToken(opts.PageToken, 1)
	if err != nil {
		return "", err
	}
	return token[0], nil
}

// maxIdle is how many pages without an entry are asked for.
const maxIdle = 1000

// Lists reports whether list, the ListPage of a Store, shows an object under key. It is for keys
// that the service may take for another: a list names what is really there. It makes one request,
// or more if pages are empty, which is ErrUnavailable where it does not end.
func Lists(
	ctx context.Context, key string,
	list func(context.Context, *storage.ListOptions) (*storage.Page, error),
) (bool, error) {
	opts := &storage.ListOptions{Prefix: key, PageSize: 1}
	for range maxIdle {
		page, err := list(ctx, opts)
		switch {
		case err != nil:
			return false, err
		case len(page.Objects) > 0:
			return page.Objects[0].Key == key, nil
		case page.NextToken == "":
			return false, nil
		}
		opts.PageToken = page.NextToken
	}
	return false, Errorf(storage.ErrUnavailable, "the service lists without an end")
}

// ListPage makes a page of a list, for drivers that can walk all objects in the byte order of
// their keys: it rolls up, jumps behind common prefixes, cuts, and knows its own page tokens.
//
// walk calls yield for each object, beginning with the key from itself, until yield returns false.
// The objects are as the list is to have them. An error of walk ends the list. walk may yield keys
// without the prefix after those with it. A page has at most most entries. The token of a page
// holds its last entry, so the list continues there whatever was written or deleted meanwhile.
func ListPage(
	opts *storage.ListOptions, most int,
	walk func(from string, yield func(*storage.Object) bool) error,
) (*storage.Page, error) {
	after, err := ListAfter(opts)
	if err != nil {
		return nil, err
	}
	p := &pager{
		opts: opts, most: PageSize(opts.PageSize, most), after: after,
		page: new(storage.Page), from: max(opts.Prefix, after), more: true,
	}
	for add := p.add; p.more; {
		p.more = false
		if err := walk(p.from, add); err != nil {
			return nil, err
		}
	}
	return p.page, nil
}

// shortPage is how many entries a page has room for at first.
const shortPage = 64

// pager is the state of ListPage: in one place, since a page that is asked for must cost little
// beside its entries.
type pager struct {
	opts  *storage.ListOptions
	most  int
	after string
	page  *storage.Page
	from  string // where the walk begins
	more  bool   // it has to
}

// add adds what the walk has come to, and reports whether it goes on.
func (p *pager) add(o *storage.Object) bool {
	if !strings.HasPrefix(o.Key, p.opts.Prefix) {
		return false
	}
	if prefix, ok := CommonPrefix(o.Key, p.opts.Prefix, p.opts.Delimiter); ok {
		*o = storage.Object{Key: prefix, IsPrefix: true}
	}
	if o.Key > p.after {
		switch n := len(p.page.Objects); n {
		case p.most:
			p.page.NextToken = EncodeToken(p.page.Objects[n-1].Key)
			return false
		case 0:
			p.page.Objects = make([]*storage.Object, 0, min(p.most, shortPage))
		case shortPage: // what is longer is mostly full
			p.page.Objects = slices.Grow(p.page.Objects, p.most-n)
		}
		p.page.Objects = append(p.page.Objects, o)
	}
	if o.IsPrefix { // however many keys it stands for
		p.from = PrefixEnd(o.Key)
		p.more = p.from != ""
	}
	return !o.IsPrefix
}
