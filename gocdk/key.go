package gocdk

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// escape is what a character of a key becomes that a portable key cannot have.
func escape(r rune) string { return "__0x" + strconv.FormatInt(int64(r), 16) + "__" }

var escaped = regexp.MustCompile("__0x([0-9a-f]+)__")

// encodeKey makes a key portable, as far as its length allows; decodeKey undoes it.
func encodeKey(key string) string {
	encoded := encode(key, false)
	if encoded == "" {
		return ""
	}
	alternative := escape(rune(encoded[0])) + encoded[1:]
	if storage.PortableKey(encoded) != nil && storage.PortableKey(alternative) == nil {
		return alternative // a name that a service keeps for itself
	}
	return encoded
}

// decodeKey undoes encodeKey. A key that encodeKey does not make is another program's, and stays as
// it is.
func decodeKey(key string) string {
	if decoded := unescape(key); encodeKey(decoded) == key {
		return decoded
	}
	return key
}

// unescape undoes the escapes in a key, or in the beginning of keys.
func unescape(key string) string {
	return escaped.ReplaceAllStringFunc(key, func(s string) string {
		n, err := strconv.ParseInt(s[4:len(s)-2], 16, 32)
		if err != nil || escape(rune(n)) != s {
			return s
		}
		return string(rune(n))
	})
}

// stored calls fn with the key under which an object is stored: encoded, or else as another program
// called it. Where both are there, it is the encoded one.
func stored(key string, fn func(key string) error) error {
	encoded := encodeKey(key)
	err := fn(encoded)
	if encoded == key || !errors.Is(err, storage.ErrNotExist) &&
		!errors.Is(err, storage.ErrInvalidKey) {
		return err
	}
	if raw := fn(key); !errors.Is(raw, storage.ErrInvalidKey) {
		return raw
	}
	return err
}

// stat describes an object, under the key under which it is stored.
func (b *bucket) stat(ctx context.Context, key string) (o *storage.Object, err error) {
	err = stored(key, func(key string) (err error) {
		o, err = b.b.Stat(ctx, key, nil)
		return err
	})
	return o, err
}

// encodePrefix returns the longest string with which the encoded form of every key begins that
// begins with prefix; but for the key that is prefix, if alone reports so: its last slash is
// escaped. whole reports that no other keys begin with it.
func encodePrefix(prefix string) (encoded string, whole, alone bool) {
	if strings.HasPrefix("soap", prefix) ||
		strings.HasPrefix(".well-known/acme-challenge/", prefix) {
		return "", prefix == "", false
	}
	alone = strings.HasSuffix(prefix, "/") && !strings.HasSuffix(prefix, "//") && prefix != "/"
	encoded = encode(prefix, true)
	if i := strings.LastIndexByte(encoded, '/') + 1; strings.Trim(encoded[i:], ".") == "" {
		encoded = encoded[:i] // some servers refuse to list what looks like a path upwards
	}
	whole = encoded == strings.TrimSuffix(encode(prefix+"x", false), "x")
	return encoded, whole, alone
}

// encode escapes what stands in s that a portable key cannot have. With open, more follows s: what
// is at the end of s and whose form that decides is left off.
func encode(s string, open bool) string {
	if s == "" {
		return ""
	}
	var out strings.Builder
	for i, r := range s {
		rest := s[i+len(string(r)):]
		if r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD") {
			out.WriteByte(s[i]) // not UTF-8: the Bucket refuses it
			continue
		}
		if open && undecided(r, rest) {
			break
		}
		switch {
		case r < 0x20, r >= 0x7f && r <= 0x9f, r == '\\', r == 0xFFFE, r == 0xFFFF,
			r == '/' && (i == 0 || s[i-1] == '/' || rest == "" && !open),
			r == '.' && (rest == "" || rest[0] == '/'),
			r == '_' && strings.HasPrefix(rest, "_0x"):
			out.WriteString(escape(r))
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// undecided reports whether the form of r depends on what follows rest.
func undecided(r rune, rest string) bool {
	switch r {
	case '.':
		return rest == ""
	case '_':
		return len(rest) < len("_0x") && strings.HasPrefix("_0x", rest)
	}
	return false
}
