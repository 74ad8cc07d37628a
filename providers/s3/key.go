package s3

import (
	"fmt"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// keyRule says which keys a service gives back byte for byte. What it would alter, hide or refuse
// is ErrInvalidKey before any request.
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
}

func (s *Store) checkKey(key string) error {
	reason := s.profile.keys.refuse(key, s.virtualHost)
	if reason == "" {
		return nil
	}
	return &storage.Error{
		Key: key, Kind: storage.ErrInvalidKey, Err: fmt.Errorf("%s on %s", reason, s.profile.name),
	}
}

// refuse names what is wrong with key, or "".
func (r *keyRule) refuse(key string, virtualHost bool) string {
	if !r.nonXML && !httpdriver.XMLText(key) {
		return "character that XML cannot carry"
	}
	if i := strings.IndexAny(key, r.without); i >= 0 {
		return fmt.Sprintf("character %q", key[i])
	}
	if r.soap && virtualHost && key == "soap" {
		return `the name "soap"`
	}
	above, below, first := 0, 0, true
	for segment, rest, more := strings.Cut(key, "/"); ; segment, rest, more = strings.Cut(rest, "/") {
		switch {
		case segment == "" && !r.empty && (more || first || !r.trailing):
			return "empty segment: a slash at the start, at the end or doubled"
		case (segment == "." || segment == "..") && !r.climbing:
			return `"." or ".." as a segment`
		case r.segment > 0 && len(segment) > r.segment:
			return "segment longer than a file name"
		case first && r.reserved != "" && segment == r.reserved:
			return "segment that the server keeps for itself"
		case segment == "..":
			above++
		default:
			below++
		}
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: read from the left, the
		// relative path elements must never outnumber the others.
		if above > below {
			return `".." above the bucket`
		}
		if !more {
			return ""
		}
		first = false
	}
}

// CheckKey refuses the keys that a write would.
func (s *Store) CheckKey(key string) error { return s.checkKey(key) }
