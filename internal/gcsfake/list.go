package gcsfake

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxPage bounds a page, and is its size where the request says nothing.
const maxPage = 1000

// limit reads a parameter with the size of a page.
func (q *request) limit(name string) (int, error) {
	v := q.query.Get(name)
	if v == "" {
		return maxPage, nil
	}
	n, ok := parseOffset(v)
	if !ok || n == 0 {
		return 0, errInvalid("Invalid value for %s: %q", name, v)
	}
	return int(min(n, maxPage)), nil
}

// listing is a request for a page of objects.
type listing struct {
	prefix, delimiter string
	start, end        string // inclusive, exclusive; empty: no bound
	trailing          bool   // includeTrailingDelimiter
	versions          bool
	filter            *contextFilter
	limit             int
	after             cursor
}

// cursor is the last entry of a page: of an object its name and generation, or a prefix.
type cursor struct {
	Name       string `json:"n"`
	Generation int64  `json:"g,omitempty"`
	Prefix     bool   `json:"p,omitempty"`
}

// entries are a page: objects and prefixes, each in byte order.
type entries struct {
	objects  []*object
	prefixes []string
	next     *cursor // nil: there is no more
}

// collapse returns the prefix that a name is rolled up into: up to and with the first delimiter
// after prefix.
func collapse(name, prefix, delimiter string) (common string, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok || delimiter == "" {
		return "", false
	}
	head, _, ok := strings.Cut(rest, delimiter)
	return prefix + head + delimiter, ok
}

// list returns a page. The order is that of the bytes of names, then generations; objects and
// prefixes count together (json_api/v1/objects/list).
func (b *bucket) list(l *listing) *entries {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &entries{}
	var last cursor
	full := func(c cursor) bool {
		if len(e.objects)+len(e.prefixes) == l.limit {
			e.next = &last
			return true
		}
		last = c
		return false
	}
	first, _ := slices.BinarySearch(b.names, max(l.prefix, l.start, l.after.Name))
	for _, name := range b.names[first:] {
		if !strings.HasPrefix(name, l.prefix) || l.end != "" && name >= l.end {
			break
		}
		versions := b.objects[name].versions(l.versions)
		if len(versions) == 0 || l.after.Prefix && strings.HasPrefix(name, l.after.Name) {
			continue
		}
		common, collapsed := collapse(name, l.prefix, l.delimiter)
		if !collapsed || l.trailing && name == common {
			for _, o := range versions {
				if name == l.after.Name && o.generation <= l.after.Generation ||
					!l.filter.takes(o) {
					continue
				}
				c := cursor{Name: name, Generation: o.generation}
				if !l.versions {
					// written again between two pages, it is still the same entry
					c.Generation = math.MaxInt64
				}
				if full(c) {
					return e
				}
				e.objects = append(e.objects, o)
			}
		}
		if n := len(e.prefixes); collapsed && (n == 0 || e.prefixes[n-1] != common) {
			if full(cursor{Name: common, Prefix: true}) {
				return e
			}
			e.prefixes = append(e.prefixes, common)
		}
	}
	return e
}

// versions are the generations in their order: all of them, or the live one.
func (h *history) versions(all bool) []*object {
	var list []*object
	if all {
		list = slices.Clone(h.noncurrent)
	}
	if h.live != nil {
		list = append(list, h.live)
	}
	return list
}

func (c *cursor) token() string {
	if c == nil {
		return ""
	}
	b, _ := json.Marshal(c) // cannot fail
	return base64.StdEncoding.EncodeToString(b)
}

func parseToken(v string) (c cursor, err error) {
	if v == "" {
		return c, nil
	}
	b, err := base64.StdEncoding.DecodeString(v)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return c, errInvalid("Invalid page token: %q", v)
	}
	return c, nil
}

// listObjects is Objects: list.
//
// json_api/v1/objects/list.
func (s *Server) listObjects(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	l := &listing{
		prefix: q.query.Get("prefix"), delimiter: q.query.Get("delimiter"),
		start: q.query.Get("startOffset"), end: q.query.Get("endOffset"),
		trailing: q.query.Get("includeTrailingDelimiter") == "true",
		versions: q.query.Get("versions") == "true",
	}
	if l.limit, err = q.limit("maxResults"); err != nil {
		return err
	}
	if l.after, err = parseToken(q.query.Get("pageToken")); err != nil {
		return err
	}
	if l.filter, err = parseFilter(q.query.Get("filter")); err != nil {
		return err
	}
	e := b.list(l)
	page := struct {
		Kind          string            `json:"kind"`
		NextPageToken string            `json:"nextPageToken,omitempty"`
		Items         []*objectResource `json:"items,omitempty"`
		Prefixes      []string          `json:"prefixes,omitempty"`
	}{Kind: "storage#objects", NextPageToken: e.next.token(), Prefixes: e.prefixes}
	for _, o := range e.objects {
		page.Items = append(page.Items, o.resource(q.base()))
	}
	return writeJSON(w, q, page)
}

// encoding returns how an XML list writes names: as they are, or escaped, so that XML can carry any
// of them.
func (q *request) encoding() (func(string) string, error) {
	switch v := q.query.Get("encoding-type"); v {
	case "url":
		return url.QueryEscape, nil
	case "":
		return func(s string) string { return s }, nil
	default:
		return nil, errInvalid("Invalid value for encoding-type: %q", v)
	}
}
