package storage

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of a portable key.
const (
	// S3 and GCS count bytes. Azure takes 1,024 UTF-16 code units.
	maxKey = 1024

	// A file name has at most 255 bytes, and providers/file adds a dot. Azure allows more.
	maxSegment = 254

	// Azure:
	// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
	maxSegments = 254
)

// PortableKey returns nil if key works unchanged on every provider. Otherwise it returns an error
// that matches ErrInvalidKey and names the rule that key breaks.
//
// A portable key is valid UTF-8 of 1 to 1,024 bytes, counted with the Bucket's prefix. It contains
// no control character, backslash, U+FFFE or U+FFFF. It has at most 254 segments between slashes.
// No segment is empty, is longer than 254 bytes or ends in a dot. The key is not "soap" and does
// not begin with ".well-known/acme-challenge/".
//
// A provider returns any other key byte for byte, or refuses it with ErrInvalidKey before any
// request.
func PortableKey(key string) error {
	if err := validKey(key); err != nil {
		return err
	}
	for _, r := range key {
		switch {
		case r < 0x20 || r >= 0x7f && r <= 0x9f:
			return keyError(key, "the key contains control character %U", r)
		case r == '\\':
			return keyError(key, "the key contains a backslash")
		case r == 0xFFFE || r == 0xFFFF:
			return keyError(key, "the key contains noncharacter %U", r)
		}
	}
	segments := 0
	for s := range strings.SplitSeq(key, "/") {
		segments++
		switch {
		case s == "":
			return keyError(key,
				"the key has an empty segment: a slash at the start, at the end or doubled")
		case strings.HasSuffix(s, "."):
			return keyError(key, "a segment ends in a dot")
		case len(s) > maxSegment:
			return keyError(key, "a segment has %d bytes, the limit is %d", len(s), maxSegment)
		}
	}
	if segments > maxSegments {
		return keyError(key, "the key has %d segments, the limit is %d", segments, maxSegments)
	}
	if key == "soap" || strings.HasPrefix(key, ".well-known/acme-challenge/") { // S3; GCS
		return keyError(key, "the key is reserved by a service")
	}
	return nil
}

// validKey returns an error for a new key that no provider accepts.
func validKey(key string) error {
	switch {
	case key == "":
		return keyError(key, "the key is empty")
	case len(key) > maxKey:
		return keyError(key[:32]+"…", "the key has %d bytes, the limit is %d", len(key), maxKey)
	}
	return checkText(key)
}

// possibleKey returns an error for a key that no object has. Azure counts UTF-16 code units, so it
// has keys of more bytes than a new one may have.
func possibleKey(key string) error {
	if len(key) > maxKey {
		if n := len(utf16.Encode([]rune(key))); n > maxKey {
			return keyError(key[:32]+"…", "the key has %d UTF-16 code units, the limit is %d",
				n, maxKey)
		}
	}
	return checkText(key)
}

// checkText returns an error for a key, or the beginning of keys, that is not text.
func checkText(key string) error {
	if !utf8.ValidString(key) {
		return keyError(key, "the key is not valid UTF-8")
	}
	return nil
}

func keyError(key, format string, args ...any) *Error {
	return &Error{Key: key, Kind: ErrInvalidKey, Err: fmt.Errorf(format, args...)}
}
