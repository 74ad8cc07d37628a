package memory

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/polystore/storage"
)

// maxPage is the largest page, and the default one.
const maxPage = 1000

// ListPage lists objects and common prefixes.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	after := opts.StartAfter
	if opts.PageToken != "" {
		var err error
		if after, err = decodeToken(opts.PageToken); err != nil {
			return nil, err
		}
	}
	size := pageSize(opts.PageSize)
	page := new(storage.Page)

	s.mu.RLock()
	defer s.mu.RUnlock()
	for at, more := max(opts.Prefix, after), true; more; {
		more = false
		for e := range s.objects.from(at) {
			if !strings.HasPrefix(e.key, opts.Prefix) {
				return page, nil
			}
			o := &storage.Object{Key: e.key}
			if p, ok := commonPrefix(e.key, opts.Prefix, opts.Delimiter); ok {
				o.Key, o.IsPrefix = p, true
			}
			if o.Key > after {
				if len(page.Objects) == size {
					page.NextToken = encodeToken(page.Objects[size-1].Key)
					return page, nil
				}
				if !o.IsPrefix {
					o.Size, o.ETag, o.ModTime = e.v.object.Size, e.v.object.ETag, e.v.object.ModTime
					o.StorageClass, o.VersionID = e.v.object.StorageClass, e.v.object.VersionID
				}
				page.Objects = append(page.Objects, o)
			}
			if o.IsPrefix {
				at, more = behind(o.Key), true // however many keys it stands for
				break
			}
		}
	}
	return page, nil
}

// commonPrefix is what key is rolled up into: itself up to the first delimiter behind prefix.
func commonPrefix(key, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// behind is the least string that sorts behind every key with this prefix. No byte of UTF-8 is 0xff.
func behind(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}

func pageSize(n int) int {
	if n <= 0 || n > maxPage {
		return maxPage
	}
	return n
}

// A token is the last entry of its page: a list goes on from there, whatever was written or deleted meanwhile.

func encodeToken(last string) string { return base64.RawURLEncoding.EncodeToString([]byte(last)) }

func decodeToken(token string) (string, error) {
	last, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", fail(storage.ErrInvalid, "not a page token: %q", token)
	}
	return string(last), nil
}
