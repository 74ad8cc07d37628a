package gcs

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// The limits of https://cloud.google.com/storage/docs/object-contexts.
const (
	maxTags = 50
	maxTag  = 256 // bytes of a name, and of a value
)

// contexts are the tags of an object as the JSON API has them; the XML API has none.
type contexts struct {
	Custom map[string]tagValue `json:"custom,omitempty"`
}

type tagValue struct {
	Value string `json:"value"`
}

// contextsOf gives tags in the form of the wire, nil for none. What the service would refuse is
// refused here, before the bytes are sent.
func (s *Store) contextsOf(tags map[string]string) (*contexts, error) {
	switch {
	case len(tags) == 0:
		return nil, nil
	case s.emulator:
		return nil, driver.Unsupportedf("tags on an emulator: fake-gcs-server drops them")
	case len(tags) > maxTags:
		return nil, driver.Invalidf("%d tags, at most %d", len(tags), maxTags)
	}
	c := &contexts{Custom: make(map[string]tagValue, len(tags))}
	for name, v := range tags {
		if !validTag(name) || !validTag(v) || strings.HasPrefix(name, "google:") {
			return nil, driver.Invalidf(
				"tag %q=%q: Cloud Storage takes names and values of 1 to %d "+
					`bytes that begin with a letter or digit, have none of '"\/, `+
					"and no names in google:",
				name, v, maxTag,
			)
		}
		c.Custom[name] = tagValue{v}
	}
	return c, nil
}

// Tags makes one objects.get. The XML API, by which objects are read, does not tell of contexts.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	if err := s.checkAsked(key); err != nil {
		return nil, err
	}
	if s.emulator {
		return nil, driver.Unsupportedf("tags on an emulator: fake-gcs-server drops them")
	}
	r, err := s.resource(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	return r.Contexts.tags(), nil
}

// tags undoes contextsOf.
func (c *contexts) tags() map[string]string {
	if c == nil {
		return nil
	}
	tags := make(map[string]string, len(c.Custom))
	for name, v := range c.Custom {
		tags[name] = v.Value
	}
	return tags
}

func validTag(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return len(text) <= maxTag && !strings.ContainsAny(text, `'"\/`) &&
		(unicode.IsLetter(first) || unicode.IsDigit(first))
}
