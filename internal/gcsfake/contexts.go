package gcsfake

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// contexts are the custom contexts of an object by key; those of a committed object are not
// changed.
//
// object-contexts; use-object-contexts; json_api/v1/objects#contexts.
type contexts map[string]objectContext

// objectContext is a value and when it was written. Both times are zero until the object that has
// it is committed or changed.
type objectContext struct {
	Value      string    `json:"value"`
	CreateTime time.Time `json:"createTime"`
	UpdateTime time.Time `json:"updateTime"`
}

// What an object may have: so many contexts, with keys and values of so many bytes each.
const (
	maxContexts     = 50
	maxContextBytes = 256
)

// contextsResource is the place of contexts in an object resource.
type contextsResource struct {
	Custom contexts `json:"custom"`
}

func (c contexts) resource() *contextsResource {
	if len(c) == 0 {
		return nil
	}
	return &contextsResource{c}
}

// apply returns c, which stays as it is, changed by the contexts of a JSON object resource: null
// takes away all of them, or the entry that is null; an entry without a value counts as null too,
// which is what Google's Go client sends to delete one.
func (c contexts) apply(v json.RawMessage) (contexts, error) {
	if v == nil {
		return c, nil
	}
	var resource struct{ Custom json.RawMessage }
	var entries map[string]*struct {
		Value                  *string
		CreateTime, UpdateTime any // the service's
	}
	if strictly(v, &resource) != nil ||
		resource.Custom != nil && strictly(resource.Custom, &entries) != nil {
		return nil, errInvalid("Invalid value for contexts: %s", v)
	}
	switch {
	case string(v) == "null", string(resource.Custom) == "null":
		return nil, nil
	case len(entries) == 0:
		return c, nil
	}
	changed := maps.Clone(c)
	if changed == nil {
		changed = contexts{}
	}
	for key, e := range entries {
		if e == nil || e.Value == nil {
			delete(changed, key)
			continue
		}
		changed[key] = objectContext{Value: *e.Value}
	}
	return changed, nil
}

// strictly decodes JSON that has no fields but those of p.
func strictly(b []byte, p any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(p)
}

// validate keeps the limits, and the rules for names, which keys and values share
// (use-object-contexts#naming-requirements).
func (c contexts) validate() error {
	if len(c) > maxContexts {
		return errInvalid("An object can have at most %d contexts.", maxContexts)
	}
	for key, v := range c {
		if !validContext(key) || !validContext(v.Value) || strings.HasPrefix(key, "google:") {
			return errInvalid("Invalid context: %q=%q", key, v.Value)
		}
	}
	return nil
}

func validContext(v string) bool {
	first, _ := utf8.DecodeRuneInString(v)
	return len(v) <= maxContextBytes && (unicode.IsLetter(first) || unicode.IsDigit(first)) &&
		utf8.ValidString(v) &&
		!strings.ContainsAny(v, `'"\/`)
}

// stamped returns c with the times of what was written now; what was there before under a key is in
// old.
func (c contexts) stamped(old contexts, now time.Time) contexts {
	c = maps.Clone(c)
	for key, v := range c {
		if !v.UpdateTime.IsZero() {
			continue
		}
		v.CreateTime, v.UpdateTime = now, now
		if o, ok := old[key]; ok {
			v.CreateTime = o.CreateTime
		}
		c[key] = v
	}
	return c
}

// inheritedContexts are those of a copy or a composition: what the request brings in their place,
// none if it drops them, else those of all sources, of which the last has the last word about a key
// (json_api/v1/objects/rewrite; json_api/v1/objects/compose).
func inheritedContexts(
	q url.Values, resource map[string]json.RawMessage, sources ...*object,
) (contexts, error) {
	for _, group := range q["dropContextGroups"] {
		if group != "custom" {
			return nil, errInvalid("Invalid value for dropContextGroups: %q", group)
		}
	}
	if v := resource["contexts"]; v != nil && string(v) != "null" {
		return contexts(nil).apply(v)
	}
	if q.Has("dropContextGroups") {
		return nil, nil
	}
	inherited := contexts{}
	for _, o := range sources {
		for key, v := range o.contexts {
			inherited[key] = objectContext{Value: v.Value}
		}
	}
	return inherited, nil
}

// contextFilter is the condition that a list's filter puts on objects; prefixes are exempt
// (json_api/v1/objects/list#filter).
type contextFilter struct {
	not   bool
	key   string
	value *string // nil: any
}

// The four documented forms (listing-objects#filter-by-object-contexts). A quote is in no key or
// value.
var filterForm = regexp.MustCompile(`^(-?)contexts\."([^"]+)"(?:="([^"]+)"|:\*)$`)

// parseFilter returns nil where nothing is asked for.
func parseFilter(v string) (*contextFilter, error) {
	if v == "" {
		return nil, nil
	}
	m := filterForm.FindStringSubmatch(v)
	if m == nil {
		return nil, errInvalid("Invalid filter: %s", v)
	}
	f := &contextFilter{not: m[1] != "", key: m[2]}
	if m[3] != "" {
		f.value = &m[3]
	}
	return f, nil
}

func (f *contextFilter) takes(o *object) bool {
	if f == nil {
		return true
	}
	v, ok := o.contexts[f.key]
	return f.not != (ok && (f.value == nil || *f.value == v.Value))
}
