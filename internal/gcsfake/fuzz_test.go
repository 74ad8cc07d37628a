package gcsfake

import (
	"encoding/json"
	"strings"
	"testing"
)

func selectMask(doc, mask string) (string, error) {
	m, err := parseFields(mask)
	if err != nil {
		return "", err
	}
	b, err := selectFields([]byte(doc), m)
	return string(b), err
}

func FuzzParseRange(f *testing.F) {
	for _, v := range []string{"bytes=0-", "bytes=-5", "bytes=2-4", "bytes=9-1", "bytes=0-1,3-4",
		"bytes=--1", "bytes=+1-2", "bytes=0-9223372036854775807", "bytes=0-4611686018427387903",
		"items=1-2"} {
		f.Add(v, int64(10))
	}
	f.Fuzz(func(t *testing.T, v string, size int64) {
		if size < 0 {
			return
		}
		first, last, ok := parseRange(v, size)
		if ok && (first < 0 || last > size || first < last && last < 0) {
			t.Errorf("parseRange(%q, %d) = %d, %d", v, size, first, last)
		}
	})
}

func FuzzParseContentRange(f *testing.F) {
	for _, v := range []string{"", "bytes */*", "bytes */10", "bytes 0-9/10", "bytes 0-9/*",
		"bytes 0-*/*", "bytes 5-4/10", "bytes 0-10/10", "bytes -1-2/3", "0-9/10"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		c, err := parseContentRange(v)
		if err != nil {
			return
		}
		if c.first < 0 || c.total < -1 || c.length < -1 || c.length == 0 ||
			c.total >= 0 && c.length > 0 && c.first+c.length > c.total {
			t.Errorf("parseContentRange(%q) = %+v", v, c)
		}
	})
}

func FuzzSelectFields(f *testing.F) {
	for _, v := range []string{"a", "a,b", "a/b", "a(b,c/d),e", "*", "*/b", "a(", "a)", "",
		"a/b,a/c", ","} {
		f.Add(v)
	}
	const doc = `{"a":{"b":1,"c":{"d":2}},"e":[{"b":3,"x":4}],"f":"g"}`
	f.Fuzz(func(t *testing.T, mask string) {
		got, err := selectMask(doc, mask)
		if err == nil && !json.Valid([]byte(got)) {
			t.Errorf("selectFields(%q) = %s", mask, got)
		}
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add((&cursor{Name: "ä/b", Generation: 7}).token())
	f.Add("!")
	f.Fuzz(func(t *testing.T, v string) {
		c, err := parseToken(v)
		if err != nil || v == "" {
			return
		}
		if again, err := parseToken(c.token()); err != nil || again != c {
			t.Errorf("%q is %+v, and then %+v, %v", v, c, again, err)
		}
	})
}

func TestSelectFields(t *testing.T) {
	const doc = `{"a":{"b":1,"c":{"d":2,"x":3}},"e":[{"b":3,"x":4}],"f":"g"}`
	for mask, want := range map[string]string{
		"f": `{"f":"g"}`, "a/b,f": `{"a":{"b":1},"f":"g"}`, "a(b,c/d)": `{"a":{"b":1,"c":{"d":2}}}`,
		"e/b": `{"e":[{"b":3}]}`,
		"*/b": `{"a":{"b":1},"e":[{"b":3}],"f":"g"}`, "missing": `{}`,
		"a/b,a/c/d":   `{"a":{"b":1,"c":{"d":2}}}`,
		"a/c/d,a/c/x": `{"a":{"c":{"d":2,"x":3}}}`, "a,a/b": `{"a":{"b":1,"c":{"d":2,"x":3}}}`,
		"a/b,a": `{"a":{"b":1,"c":{"d":2,"x":3}}}`,
	} {
		if got, err := selectMask(doc, mask); err != nil || got != want {
			t.Errorf("selectFields(%q) = %s, %v; want %s", mask, got, err, want)
		}
	}
	for _, mask := range []string{"a(", "a)", ",", "a(b", "a//b"} {
		if got, err := selectMask(doc, mask); err == nil {
			t.Errorf("selectFields(%q) = %s, want an error", mask, got)
		}
	}
}

func TestCollapse(t *testing.T) {
	for _, test := range []struct{ name, prefix, delimiter, want string }{
		{"a/b/c", "", "/", "a/"}, {"a/b/c", "a/", "/", "a/b/"}, {"a/", "a/", "/", ""},
		{"ab", "a", "", ""}, {"a==b==c", "a", "==", "a=="}, {"b", "a", "/", ""},
	} {
		if got, ok := collapse(test.name, test.prefix, test.delimiter); ok != (test.want != "") ||
			ok && got != test.want {
			t.Errorf("collapse(%q, %q, %q) = %q, %v; want %q", test.name, test.prefix,
				test.delimiter, got, ok, test.want)
		}
	}
}

func TestCheckBucketName(t *testing.T) {
	for name, want := range map[string]bool{"abc": true, "a-b_c.d": true, "ab": false, "Abc": false,
		"-abc": false, "abc-": false, "google": false,
		strings.Repeat("x", 64): false, strings.Repeat("x", 63): true} {
		if got := checkBucketName(name) == nil; got != want {
			t.Errorf("checkBucketName(%q): %v, want %v", name, got, want)
		}
	}
}
