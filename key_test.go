package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func TestPortableKey(t *testing.T) {
	segment := strings.Repeat("s", 254)
	for _, key := range []string{
		"a", "a/b", "a b", " ", "ünïcödé/日本/🙂", "-", "a.b", ".hidden", "..a", "a..x", "soap/x",
		"SOAP", "a%2Fb", "a?b#c&d=e+f",
		segment, segment + "/" + segment, strings.Repeat("a/", 253) + "a",
		strings.Repeat(segment[:203]+"/", 5)[:1020] + "last", "con", "nul.txt",
		"x.well-known/acme-challenge/y",
		".well-known/acme-challenge", "\u00a0",
	} {
		if err := storage.PortableKey(key); err != nil {
			t.Errorf("PortableKey(%q) = %v", key, err)
		}
	}
	for key, rule := range map[string]string{
		"":                              "empty",
		strings.Repeat("a", 1025):       "1025 bytes",
		"\xff":                          "not valid UTF-8",
		"a\xc3":                         "not valid UTF-8",
		"\xed\xa0\x80":                  "not valid UTF-8",
		"a\x00b":                        "control",
		"a\nb":                          "control",
		"a\x7f":                         "control",
		"a\u0085":                       "control",
		`a\b`:                           "backslash",
		"a\uffff":                       "noncharacter",
		"\ufffe":                        "noncharacter",
		"/a":                            "empty segment",
		"a/":                            "empty segment",
		"a//b":                          "empty segment",
		"/":                             "empty segment",
		".":                             "dot",
		"..":                            "dot",
		"a/./b":                         "dot",
		"a/../b":                        "dot",
		"a.":                            "dot",
		"a./b":                          "dot",
		segment + "s":                   "255 bytes",
		"a/" + segment + "s/b":          "255 bytes",
		strings.Repeat("a/", 254) + "a": "255 segments",
		"soap":                          "reserved by a service",
		".well-known/acme-challenge/x":  "reserved by a service",
	} {
		err := storage.PortableKey(key)
		if !errors.Is(err, storage.ErrInvalidKey) || !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("PortableKey(%.40q) = %v, want %v", key, err, storage.ErrInvalidKey)
		} else if !strings.Contains(err.Error(), rule) {
			t.Errorf("PortableKey(%.40q) = %v, want it to name %q", key, err, rule)
		}
	}
}

func FuzzPortableKey(f *testing.F) {
	f.Add("a/b")
	f.Add("\xff")
	f.Add("a\\b/../c.")
	f.Fuzz(func(t *testing.T, key string) {
		if err := storage.PortableKey(key); err != nil {
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Fatalf("PortableKey(%q) = %v, which is no ErrInvalidKey", key, err)
			}
			return
		}
		// What is portable is so under any portable prefix that leaves it room.
		if len(key) < 1000 && strings.Count(key, "/") < 250 {
			if err := storage.PortableKey("p/" + key); err != nil && key != "soap" {
				t.Fatalf("%q is portable and p/%s is not: %v", key, key, err)
			}
		}
	})
}

// TestPortableKeysOption counts the prefix in, and lets reads and deletes pass.
func TestPortableKeysOption(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, &storage.Options{PortableKeys: true}).Prefix("p/")
	ctx := t.Context()
	if _, err := b.Put(ctx, strings.Repeat("a/", 510)+"ab", strings.NewReader(""),
		nil); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("Put of a key that is too deep: %v", err)
	}
	if _, err := b.Put(ctx, "a//b", strings.NewReader(""),
		nil); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("Put: %v, want %v", err, storage.ErrInvalidKey)
	}
	if _, err := b.Copy(ctx, "a.", "a", nil); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("Copy: %v, want %v", err, storage.ErrInvalidKey)
	}
	if _, err := b.Stat(ctx, "a//b", nil); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("Stat: %v, want %v", err, storage.ErrNotExist)
	}
	if err := b.Delete(ctx, "a//b", nil); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := b.Put(ctx, strings.Repeat("k", 254), strings.NewReader(""), nil); err != nil {
		t.Errorf("Put: %v", err)
	}
}
