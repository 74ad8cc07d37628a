package driver

import (
	"strings"

	"github.com/polystore/storage"
)

// CommonPrefix returns what a list with this prefix and delimiter rolls key up into: key up to the
// first delimiter behind prefix, that included. It is false where key is listed by itself: without
// a delimiter, or where none follows; and for a key that does not begin with prefix.
func CommonPrefix(key, prefix, delimiter string) (string, bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok || delimiter == "" {
		return "", false
	}
	i := strings.Index(rest, delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// PrefixEnd returns the least string that sorts behind every string with this prefix: where a list
// goes on behind a common prefix, however many keys that stands for. It need not be valid UTF-8.
// Of an empty prefix, and one of bytes 0xff alone, there is none: "".
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

// PageSize returns how many entries a page has: n, or most where n asks for more or for nothing.
func PageSize(n, most int) int {
	if n <= 0 || n > most {
		return most
	}
	return n
}

// ListAfter returns the text behind which a page begins, for keys and common prefixes: that of the
// page token, which [EncodeToken] made of the last entry of the page before, else StartAfter.
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

// ListPage makes a page of a list, for drivers that can walk all objects in the byte order of
// their keys: it rolls up, jumps behind common prefixes, cuts, and knows its own page tokens.
//
// walk calls yield for each object from the key from on, that included, as the list is to have it,
// until yield returns false; an error ends the list. It may yield keys without the prefix behind
// those with it. A page has at most most entries. The token of a page holds its last entry, so that
// a list goes on from there, whatever was written or deleted meanwhile.
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
			p.page.Objects = make([]*storage.Object, 0, min(p.most, 64))
		}
		p.page.Objects = append(p.page.Objects, o)
	}
	if o.IsPrefix { // however many keys it stands for
		p.from = PrefixEnd(o.Key)
		p.more = p.from != ""
	}
	return !o.IsPrefix
}
