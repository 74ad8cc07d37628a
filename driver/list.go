package driver

import (
	"iter"
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
	prefix = strings.TrimRight(prefix, "\xff")
	if prefix == "" {
		return ""
	}
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}

// PageSize returns how many entries a page has: n, or most where n asks for more or for nothing.
func PageSize(n, most int) int {
	if n <= 0 || n > most {
		return most
	}
	return n
}

// ListPage makes a page of a list, for drivers that can walk all objects in the byte order of
// their keys: it rolls up, jumps behind common prefixes, cuts, and knows its own page tokens.
//
// walk yields the objects from the key from on, that included, each as the list is to have it; an
// error ends the list. It may yield keys without the prefix behind those with it. A page has at
// most most entries. The token of a page holds its last entry, so that a list goes on from there,
// whatever was written or deleted meanwhile.
func ListPage(
	opts *storage.ListOptions, most int, walk func(from string) iter.Seq2[*storage.Object, error],
) (*storage.Page, error) {
	after := opts.StartAfter
	if opts.PageToken != "" {
		token, err := DecodeToken(opts.PageToken, 1)
		if err != nil {
			return nil, err
		}
		after = token[0]
	}
	most = PageSize(opts.PageSize, most)
	page := new(storage.Page)
	for from, more := max(opts.Prefix, after), true; more; {
		more = false
		for o, err := range walk(from) {
			if err != nil {
				return nil, err
			}
			if !strings.HasPrefix(o.Key, opts.Prefix) {
				return page, nil
			}
			if prefix, ok := CommonPrefix(o.Key, opts.Prefix, opts.Delimiter); ok {
				*o = storage.Object{Key: prefix, IsPrefix: true}
			}
			if o.Key > after {
				if len(page.Objects) == most {
					page.NextToken = EncodeToken(page.Objects[most-1].Key)
					return page, nil
				}
				page.Objects = append(page.Objects, o)
			}
			if o.IsPrefix {
				from = PrefixEnd(o.Key)
				more = from != ""
				break
			}
		}
	}
	return page, nil
}
