package gcsfake

import (
	"encoding/json"
	"maps"
	"strings"
)

// selectFields reduces a JSON document to what a fields mask names: a,b/c,d(e,f),*.
//
// json_api#partial-response.
func selectFields(doc []byte, mask string) ([]byte, error) {
	m, rest, ok := parseMask(mask)
	if !ok || rest != "" {
		return nil, errInvalid("Invalid field selection %s", mask)
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return nil, err
	}
	return json.Marshal(m.of(v))
}

// fieldMask has the masks of the named fields; an empty one keeps all below it.
type fieldMask map[string]fieldMask

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
	if old := m[name]; len(old) > 0 && len(below) > 0 {
		maps.Copy(old, below) // a/b,a/c
	} else {
		m[name] = below
	}
	return s, ok
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
