package gcsfake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// conditions are a request's preconditions on one object; nil and empty fields demand nothing.
//
// request-preconditions.
type conditions struct {
	generation, notGeneration         *int64
	metageneration, notMetageneration *int64

	// These are for reads only. XML compares its own ETags, and alone knows the dates.
	xml                            bool
	match, noneMatch               string
	modifiedSince, unmodifiedSince time.Time

	refuse bool // 412 where it would be 304
}

// queryConditions reads ifGenerationMatch and its like; with "Source" those of a copy's source.
func queryConditions(q url.Values, of string) (*conditions, error) {
	c := &conditions{}
	for name, p := range map[string]**int64{
		"if" + of + "GenerationMatch":        &c.generation,
		"if" + of + "GenerationNotMatch":     &c.notGeneration,
		"if" + of + "MetagenerationMatch":    &c.metageneration,
		"if" + of + "MetagenerationNotMatch": &c.notMetageneration,
	} {
		if !q.Has(name) {
			continue
		}
		n, err := parseGeneration(name, q.Get(name))
		if err != nil {
			return nil, err
		}
		*p = &n
	}
	return c, nil
}

// headerConditions reads x-goog-if-generation-match and x-goog-if-metageneration-match; the XML API
// has no negated ones.
func headerConditions(h http.Header, prefix string) (*conditions, error) {
	c := &conditions{xml: true}
	for name, p := range map[string]**int64{
		prefix + "if-generation-match":     &c.generation,
		prefix + "if-metageneration-match": &c.metageneration,
	} {
		v := h.Get(name)
		if v == "" {
			continue
		}
		n, err := parseGeneration(name, v)
		if err != nil {
			return nil, err
		}
		*p = &n
	}
	return c, nil
}

// parseGeneration reads a generation or a metageneration; name is for the message.
func parseGeneration(name, v string) (int64, error) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, errInvalid("Invalid value for %s: %q", name, v)
	}
	return n, nil
}

// etags adds If-Match and If-None-Match, which hold for requests that retrieve data, in both APIs.
func (c *conditions) etags(h http.Header) *conditions {
	c.match, c.noneMatch = h.Get("If-Match"), h.Get("If-None-Match")
	return c
}

// dates adds If-Modified-Since and If-Unmodified-Since, which HTTP says to ignore where they are no
// dates, or beside the corresponding ETag condition (RFC 9110, 13.1).
func (c *conditions) dates(h http.Header) *conditions {
	if c.noneMatch == "" {
		c.modifiedSince, _ = http.ParseTime(h.Get("If-Modified-Since"))
	}
	if c.match == "" {
		c.unmodifiedSince, _ = http.ParseTime(h.Get("If-Unmodified-Since"))
	}
	return c
}

// check returns nil if o satisfies c. For a write, o is nil where no live object exists: its
// generation counts as 0, it has no metageneration that could match, and "if no live object
// exists", ifGenerationNotMatch "fails" (json_api/v1/objects/insert).
func (c *conditions) check(o *object) error {
	var generation int64
	if o != nil {
		generation = o.generation
	}
	switch {
	case c.generation != nil && *c.generation != generation,
		c.metageneration != nil && (o == nil || *c.metageneration != o.metageneration),
		c.match != "" && !c.names(c.match, o),
		!c.unmodifiedSince.IsZero() && o.updated.Truncate(time.Second).After(c.unmodifiedSince):
		return errPrecondition()
	case c.notGeneration != nil && (o == nil || *c.notGeneration == generation),
		c.notMetageneration != nil && o != nil && *c.notMetageneration == o.metageneration,
		c.noneMatch != "" && c.names(c.noneMatch, o),
		!c.modifiedSince.IsZero() && !o.updated.Truncate(time.Second).After(c.modifiedSince):
		if c.refuse {
			return errPrecondition()
		}
		return errNotModified()
	}
	return nil
}

// names reports whether the header's list of ETags has o's, or is *.
func (c *conditions) names(list string, o *object) bool {
	etag := o.etag()
	if c.xml {
		etag = o.xmlETag()
	}
	for v := range strings.SplitSeq(list, ",") {
		v = strings.TrimPrefix(strings.TrimSpace(v), "W/")
		if v == "*" || strings.Trim(v, `"`) == etag {
			return true
		}
	}
	return false
}
