package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

const (
	maxPage        = 5000
	firstStartFrom = "2026-02-06" // the first version of the protocol that knows StartFrom
)

// ListPage makes one List Blobs.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	l, err := newListing(opts)
	if err != nil {
		return nil, err
	}
	found, err := s.page(ctx, l, false)
	if err != nil {
		return nil, err
	}
	s.noteKeys(found)
	page := &storage.Page{Objects: make([]*storage.Object, len(found))}
	for i, e := range found {
		page.Objects[i] = &e.Object
	}
	page.NextToken = l.token()
	return page, nil
}

// listing is a list on its way, and what its page token holds.
type listing struct {
	opts *storage.ListOptions

	Walk walk `json:"w"` // what is left; empty: nothing
	// Marker is the service's, in the first segment. Empty: at the beginning of the segment.
	Marker string `json:"m,omitempty"`
	Start  string `json:"s,omitempty"` // StartAfter
	After  string `json:"a,omitempty"` // the last entry that was returned
}

func newListing(opts *storage.ListOptions) (*listing, error) {
	own := *opts
	l := &listing{opts: &own}
	if !text(own.Delimiter) { // which no name has
		own.Delimiter = ""
	}
	if !text(own.Prefix) {
		return l, nil
	}
	if opts.PageToken == "" {
		l.Start, l.Walk = opts.StartAfter, newWalk(opts.Prefix, opts.StartAfter)
		return l, nil
	}
	token, err := driver.DecodeToken(opts.PageToken, 1)
	if err == nil && (json.Unmarshal([]byte(token[0]), l) != nil || len(l.Walk) == 0) {
		err = driver.Invalidf("not a page token of this bucket")
	}
	return l, err
}

// text reports whether the service takes s as a parameter, which it repeats in XML.
func text(s string) bool { return utf8.ValidString(s) && httpdriver.XMLText(s) }

// token is empty at the end of the list.
func (l *listing) token() string {
	if len(l.Walk) == 0 {
		return ""
	}
	b, err := json.Marshal(l)
	if err != nil { // it holds nothing but text
		return ""
	}
	return driver.EncodeToken(string(b))
}

// entry is an entry of a list.
type entry struct {
	storage.Object
	suspect bool // it may be no object but uncommitted blocks
}

// page lists the next page and takes l behind it.
func (s *Store) page(ctx context.Context, l *listing, uncommitted bool) ([]*entry, error) {
	if len(l.Walk) == 0 {
		return nil, nil
	}
	from := s.startFrom(l)
	all, next, err := s.ask(ctx, l, from, uncommitted)
	if from != "" && err == nil && !s.isFlat() {
		// A tree has more behind l.Start, also where it shows nothing from there on.
		whole, more, e := s.ask(ctx, l, "", uncommitted)
		if e != nil || s.isTree() {
			all, next, err = whole, more, e
		}
	}
	if err != nil {
		return nil, err
	}
	if s.isTree() {
		return l.takeTree(all, next)
	}
	return l.take(all, next)
}

// startFrom is where the service has to begin; empty: where the marker says, or at the beginning.
func (s *Store) startFrom(l *listing) string {
	if l.Marker != "" || s.isTree() || cmp.Or(s.version, firstStartFrom) < firstStartFrom {
		return ""
	}
	return l.startFrom()
}

// take takes of the service's page, up to its marker next, what comes next in byte order.
func (l *listing) take(all []*entry, next string) (page []*entry, err error) {
	at := l.Walk[0]
	for _, e := range all {
		if !at.has(e.Key) {
			l.Walk, l.Marker = l.Walk.seen(e.Key), ""
			return page, nil
		}
		if before(e.Key, at.From) || e.Key <= l.Start || e.Key == l.After {
			continue // the service begins at StartFrom, and there may be one that does not know it
		}
		if cut := at.split(l.opts.Prefix, e.Key); cut != nil {
			l.Walk, l.Marker = append(cut, l.Walk[1:]...), ""
			return page, nil
		}
		page = append(page, e)
		l.After = e.Key
	}
	return page, l.turn(next)
}

// takeTree takes the service's page of a tree, whose order is the service's own from page to page.
func (l *listing) takeTree(all []*entry, next string) (page []*entry, err error) {
	l.Walk = walk{{}}
	for _, e := range all {
		if e.Key > l.Start {
			page = append(page, e)
		}
	}
	return page, l.turn(next)
}

// turn takes l to the service's next page.
func (l *listing) turn(next string) error {
	switch {
	case next != "" && next == l.Marker:
		return driver.Errorf(storage.ErrUnavailable, "the service's list does not advance")
	case next != "":
		l.Marker = next
	default:
		l.Walk, l.Marker = l.Walk.seen(""), ""
	}
	return nil
}

// ask makes the request, and returns its entries in the order of UTF-16 and its marker.
func (s *Store) ask(
	ctx context.Context, l *listing, from string, uncommitted bool,
) ([]*entry, string, error) {
	delimiter := l.opts.Delimiter
	o := &container.ListBlobsHierarchyOptions{
		Prefix:    optional(l.opts.Prefix),
		Marker:    optional(l.Marker),
		StartFrom: optional(from),
		Include:   container.ListBlobsInclude{UncommittedBlobs: uncommitted},
	}
	if l.opts.PageSize > 0 {
		o.MaxResults = new(int32(min(l.opts.PageSize, maxPage)))
	}
	a := &attempt{Attempt: httpdriver.Attempt{Missing: storage.ErrNoBucket}}
	var items []*container.BlobItem
	var prefixes []*container.BlobPrefix
	var next *string
	var err error
	foreign := true // it lacks the element of entries, which an empty list has, too
	if delimiter == "" {
		var out container.ListBlobsFlatResponse
		out, err = s.client.NewListBlobsFlatPager(
			(*container.ListBlobsFlatOptions)(o),
		).NextPage(a.begin(ctx))
		if out.Segment != nil {
			items, foreign = out.Segment.BlobItems, false
		}
		next = out.NextMarker
	} else {
		var out container.ListBlobsHierarchyResponse
		out, err = s.client.NewListBlobsHierarchyPager(delimiter, o).NextPage(a.begin(ctx))
		if out.Segment != nil {
			items, prefixes, foreign = out.Segment.BlobItems, out.Segment.BlobPrefixes, false
		}
		next = out.NextMarker
	}
	if err != nil {
		return nil, "", fail(ctx, a, err)
	}
	if foreign {
		return nil, "", a.Foreign("a list without its entries")
	}
	s.noteNamespace(items, prefixes)
	found := make([]*entry, 0, len(items)+len(prefixes))
	for _, item := range items {
		if e := listed(item); e != nil {
			found = append(found, e)
		}
	}
	for _, p := range prefixes {
		found = append(found, &entry{
			Object: storage.Object{Key: whole(value(p.Name), delimiter), IsPrefix: true},
		})
	}
	if slices.ContainsFunc(found, func(e *entry) bool {
		return !strings.HasPrefix(e.Key, l.opts.Prefix)
	}) {
		return nil, "", a.Foreign("names without the prefix that was asked for")
	}
	slices.SortFunc(found, func(x, y *entry) int { return compareUTF16(x.Key, y.Key) })
	return found, value(next), nil
}

// startFrom is where the service has to begin. With a delimiter it takes names of one level below
// the prefix only.
func (l *listing) startFrom() string {
	from := l.Walk[0].startFrom()
	if rest, ok := strings.CutPrefix(from, l.opts.Prefix); ok && l.opts.Delimiter != "" {
		name, _, _ := strings.Cut(rest, l.opts.Delimiter)
		from = l.opts.Prefix + name
	}
	if !before(l.opts.Prefix, from) {
		return "" // the prefix says more
	}
	return from
}

// whole is a common prefix to its end: Azurite gives no more than the first character of a
// delimiter.
func whole(prefix, delimiter string) string {
	if strings.HasSuffix(prefix, delimiter) {
		return prefix
	}
	return strings.TrimSuffix(prefix, delimiter[:1]) + delimiter
}

// listed is nil for what is no object: deleted ones, and the directories of a hierarchical
// namespace.
func listed(item *container.BlobItem) *entry {
	p := item.Properties
	if p == nil || value(item.Deleted) || value(p.ResourceType) == "directory" {
		return nil
	}
	e := &entry{Object: storage.Object{
		Key:                value(item.Name),
		Size:               value(p.ContentLength),
		ETag:               etagOf(p.ETag),
		VersionID:          value(item.VersionID),
		ModTime:            value(p.LastModified),
		ContentType:        value(p.ContentType),
		ContentEncoding:    value(p.ContentEncoding),
		ContentDisposition: value(p.ContentDisposition),
		ContentLanguage:    value(p.ContentLanguage),
		CacheControl:       value(p.CacheControl),
		StorageClass:       class(value(p.AccessTier), value(p.AccessTierInferred)),
	}}
	blobType := cmp.Or(value(p.BlobType), container.BlobTypeBlockBlob)
	trust(&e.Checksums, blobType, p.ContentMD5)
	// An empty object that was put has the MD5 of nothing, which spares a look at most of them.
	e.suspect = e.Size == 0 && len(p.ContentMD5) == 0 && blobType == container.BlobTypeBlockBlob
	return e
}
