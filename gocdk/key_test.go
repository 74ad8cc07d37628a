package gocdk

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polystore/storage"
)

func TestEncodeKey(t *testing.T) {
	for _, test := range []struct{ key, want string }{
		{"a/b.txt", "a/b.txt"},
		{"a//b", "a/__0x2f__b"},
		{"/a/", "__0x2f__a__0x2f__"},
		{"../x", ".__0x2e__/x"},
		{"a.", "a__0x2e__"},
		{`a\b`, "a__0x5c__b"},
		{"a\x01", "a__0x1__"},
		{"soap", "__0x73__oap"},
		{".well-known/acme-challenge/x", "__0x2e__well-known/acme-challenge/x"},
		{"__0x5c__", "__0x5f___0x5c__"},
		{"a_/", "a___0x2f__"},
	} {
		if got := encodeKey(test.key); got != test.want {
			t.Errorf("encodeKey(%q) = %q, want %q", test.key, got, test.want)
		}
		if got := decodeKey(test.want); got != test.key {
			t.Errorf("decodeKey(%q) = %q, want %q", test.want, got, test.key)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"a//b", "__0x", "___0x2f__", "../foo/../", "soap", `\\`, "\uFFFE",
		"a_"} {
		f.Add(s, "b")
		f.Add(s, "/")
		f.Add(s, "_0x")
	}
	f.Fuzz(func(t *testing.T, prefix, rest string) {
		key := prefix + rest
		if !utf8.ValidString(prefix) || !utf8.ValidString(rest) || key == "" {
			return
		}
		encoded := encodeKey(key)
		if got := decodeKey(encoded); got != key {
			t.Fatalf("decodeKey(%q) = %q, want %q", encoded, got, key)
		}
		if err := storage.PortableKey(encoded); err != nil && !tooLong(encoded) {
			t.Fatalf("encodeKey(%q) = %q: %v", key, encoded, err)
		}
		p, whole, alone := encodePrefix(prefix)
		if !strings.HasPrefix(encoded, p) && !(alone && rest == "") {
			t.Fatalf("encodePrefix(%q) = %q, but encodeKey(%q) = %q", prefix, p, key, encoded)
		}
		if whole && strings.HasPrefix(encoded, p) && !strings.HasPrefix(key, prefix) {
			t.Fatalf("encodePrefix(%q) is whole, but %q begins with it", prefix, encoded)
		}
	})
}

func tooLong(key string) bool {
	for s := range strings.SplitSeq(key, "/") {
		if len(s) > 254 {
			return true
		}
	}
	return len(key) > 1024 || strings.Count(key, "/") > 250
}

func FuzzMetadata(f *testing.F) {
	f.Add("name", "value")
	f.Add("cdk32.name", "cdk64:value")
	f.Add("a b", "\x00")
	f.Fuzz(func(t *testing.T, name, value string) {
		if name == "" || !utf8.ValidString(name) || !utf8.ValidString(value) ||
			strings.ToLower(name) != name {
			return
		}
		got := decodeMetadata(encodeMetadata(map[string]string{name: value}))
		if len(got) != 1 || got[name] != value {
			t.Fatalf("%q=%q came back as %q", name, value, got)
		}
	})
}
