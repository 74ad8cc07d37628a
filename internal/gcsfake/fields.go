package gcsfake

import (
	"encoding/json"
	"strings"
)

// selectFields reduces a JSON document to what m names.
func selectFields(doc []byte, m fieldMask) ([]byte, error) {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return nil, err
	}
	return json.Marshal(m.of(v))
}

// fieldMask has the masks of the named fields; an empty one keeps all below it.
//
// json_api#partial-response.
type fieldMask map[string]fieldMask

// parseFields parses the fields parameter: a,b/c,d(e,f),*.
func parseFields(v string) (fieldMask, error) {
	if v == "" {
		return nil, nil
	}
	m, rest, ok := parseMask(v)
	if !ok || rest != "" {
		return nil, errInvalid("Invalid field selection %s", v)
	}
	return m, nil
}

// parseMask parses a list up to its end or a closing parenthesis, and returns what follows.
func parseMask(s string) (m fieldMask, rest string, ok bool) {
	m = fieldMask{}
	for {
		if s, ok = m.parseField(s); !ok {
			return nil, s, false
		}
		if !strings.HasPrefix(s, ",") {
			return m, s, true
		}
		s = s[1:]
	}
}

func (m fieldMask) parseField(s string) (rest string, ok bool) {
	n := strings.IndexAny(s, ",/()")
	if n < 0 {
		n = len(s)
	}
	name, s := strings.TrimSpace(s[:n]), s[n:]
	if name == "" {
		return s, false
	}
	below := fieldMask{}
	switch {
	case strings.HasPrefix(s, "/"):
		s, ok = below.parseField(s[1:])
	case strings.HasPrefix(s, "("):
		if below, s, ok = parseMask(s[1:]); ok {
			s, ok = strings.CutPrefix(s, ")")
		}
	default:
		ok = true
	}
	m.add(name, below)
	return s, ok
}

// add keeps below of name what it keeps already, and what below does.
func (m fieldMask) add(name string, below fieldMask) {
	old, ok := m[name]
	switch {
	case !ok:
		m[name] = below
	case len(old) == 0 || len(below) == 0:
		m[name] = fieldMask{} // all of it
	default:
		for name, b := range below {
			old.add(name, b)
		}
	}
}

func (m fieldMask) of(v any) any {
	if len(m) == 0 {
		return v
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = m.of(v[i])
		}
		return v
	case map[string]any:
		kept := map[string]any{}
		for name, value := range v {
			below, ok := m[name]
			if !ok {
				below, ok = m["*"]
			}
			if ok {
				kept[name] = below.of(value)
			}
		}
		return kept
	}
	return v
}
