package s3

import (
	"fmt"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// keyRule says which keys a service gives back byte for byte. What it would alter, hide or refuse
// is ErrInvalidKey for a new object, before any request. Of keys that are there already see
// checkAsked.
type keyRule struct {
	// "." and ".." are names as others, unless ".." leads above the bucket; else they are refused
	climbing bool
	empty    bool   // empty segments, which a directory cannot have
	trailing bool   // a slash at the end (also where other empty segments are refused)
	nonXML   bool   // characters that XML cannot carry: lists are asked for URL-encoded
	without  string // other characters that are refused
	segment  int    // bytes of a segment; 0: any
	reserved string // first segment of the server's own files
	soap     bool   // "soap" is refused in a virtual host

	// asked are what a write refuses and a read can ask for, known to be taken for no other key.
	asked oddity
	// lost are what no object of the service has, and what it takes for another key.
	lost oddity
	// wary: that a list shows one such key says nothing of the next.
	wary bool
}

// oddity is a set of what can be odd about a key.
type oddity uint16

const (
	oddXML oddity = 1 << iota
	oddNUL
	oddCharacter
	oddName
	oddLength
	oddLeading
	oddDoubled
	oddTrailing
	oddDots
	oddAbove
	oddSegment
	oddReserved
)

// cleaned are what a server that cleans paths makes other keys of, or refuses.
const cleaned = oddNUL | oddLeading | oddDoubled | oddDots | oddAbove | oddSegment | oddReserved

// maxKey is in bytes.
const maxKey = 1024

func (s *Store) checkKey(key string) error {
	return s.invalidKey(key, s.profile.keys.refuse(key, s.virtualHost))
}

func (s *Store) invalidKey(key, reason string) error {
	if reason == "" {
		return nil
	}
	return &storage.Error{
		Key: key, Kind: storage.ErrInvalidKey, Err: fmt.Errorf("%s on %s", reason, s.profile.name),
	}
}

// refuse names what is wrong with key, or "".
func (r *keyRule) refuse(key string, virtualHost bool) string {
	_, reason := r.judge(key, virtualHost)
	return reason
}

// judge returns what is wrong with key, and the first of it as a text; "" for nothing.
func (r *keyRule) judge(key string, virtualHost bool) (odd oddity, reason string) {
	note := func(o oddity, text string) {
		if odd |= o; reason == "" {
			reason = text
		}
	}
	if len(key) > maxKey {
		note(oddLength, "more than 1024 bytes")
	}
	if !r.nonXML && !httpdriver.XMLText(key) {
		note(oddXML, "character that XML cannot carry")
		if strings.IndexByte(key, 0) >= 0 {
			note(oddNUL, "NUL")
		}
	}
	if i := strings.IndexAny(key, r.without); i >= 0 {
		note(oddCharacter, fmt.Sprintf("character %q", key[i]))
	}
	if r.soap && virtualHost && key == "soap" {
		note(oddName, `the name "soap"`)
	}
	above, below, first := 0, 0, true
	segment, rest, more := strings.Cut(key, "/")
	for ; ; segment, rest, more = strings.Cut(rest, "/") {
		switch {
		case segment == "" && !r.empty && (more || first || !r.trailing):
			note(emptySegment(first, more),
				"empty segment: a slash at the start, at the end or doubled")
		case (segment == "." || segment == "..") && !r.climbing:
			note(oddDots, `"." or ".." as a segment`)
		case r.segment > 0 && len(segment) > r.segment:
			note(oddSegment, "segment longer than a file name")
		case first && r.reserved != "" && segment == r.reserved:
			note(oddReserved, "segment that the server keeps for itself")
		}
		// Read from the left, the relative path elements must never outnumber the others:
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html. What cleans paths
		// on the way drops "." and empty segments first, so they count for nothing.
		switch segment {
		case "..":
			above++
		case ".", "":
		default:
			below++
		}
		if above > below {
			note(oddAbove, `".." above the bucket`)
		}
		if !more {
			return odd, reason
		}
		first = false
	}
}

func emptySegment(first, more bool) oddity {
	switch {
	case first:
		return oddLeading
	case more:
		return oddDoubled
	}
	return oddTrailing
}

// CheckKey refuses the keys that a write would.
func (s *Store) CheckKey(key string) error { return s.checkKey(key) }
