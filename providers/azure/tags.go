package azure

import (
	"context"
	"encoding/xml"
	"net/url"

	"github.com/polystore/storage"
)

// wireTags are tags as a header has them.
func wireTags(tags map[string]string) string {
	if len(tags) == 0 {
		return ""
	}
	values := make(url.Values, len(tags))
	for name, v := range tags {
		values.Set(name, v)
	}
	return values.Encode()
}

// Tags makes one Get Blob Tags.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	a := &attempt{version: opts.VersionID, inspect: document(&struct {
		XMLName xml.Name `xml:"Tags"`
	}{})}
	out, err := s.client.NewBlobClient(key).GetTags(a.begin(ctx), nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	tags := make(map[string]string, len(out.BlobTagSet))
	for _, t := range out.BlobTagSet {
		if t != nil {
			tags[value(t.Key)] = value(t.Value)
		}
	}
	return tags, nil
}
