package file

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/polystore/storage"
)

// Names. No segment of a key ends in mark, so these never meet a key's own file.
const (
	over = mark + mark + mark // in directory a: the object a itself
	// Ends the driver's own names; seg+mark is the directory of the children of a file seg.
	own = mark + mark

	tempDir    = "tmp" + mark
	lockDir    = tempDir + "/lock" + own
	sidecarDir = tempDir + "/attr" + own
	uploadDir  = tempDir + "/upload" + own
)

const (
	maxKey     = 1024
	maxSegment = 254 // with mark it is the 255 bytes that file systems take
)

// split returns the segments of a key that files can hold.
func split(key string) ([]string, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return strings.Split(key, "/"), nil
}

// checkKey returns ErrInvalidKey for a key that files cannot hold, before any system call.
func checkKey(key string) error {
	switch {
	case key == "" || len(key) > maxKey:
		return refuseKey(fmt.Sprintf("%d bytes, want 1 to %d", len(key), maxKey))
	case !utf8.ValidString(key):
		return refuseKey("not UTF-8")
	}
	for seg := range strings.SplitSeq(key, "/") {
		if reason := badSegment(seg); reason != "" {
			return refuseKey(reason)
		}
	}
	return nil
}

func refuseKey(reason string) error {
	return &storage.Error{Kind: storage.ErrInvalidKey, Err: errors.New(reason)}
}

// badSegment says why a file cannot have the name seg, "" if it can.
func badSegment(seg string) string {
	switch {
	case seg == "":
		return "empty segment: a slash at the start, at the end or doubled"
	case len(seg) > maxSegment:
		return fmt.Sprintf("segment of %d bytes, at most %d", len(seg), maxSegment)
	case strings.HasSuffix(seg, "."), strings.HasSuffix(seg, mark):
		return "segment that ends in " + seg[len(seg)-1:]
	case strings.IndexByte(seg, 0) >= 0:
		return "zero byte"
	}
	return badName(seg)
}

// goodSegment reports whether the name of a file that another program may have made is a segment of
// a key.
func goodSegment(name string) bool { return badSegment(name) == "" && utf8.ValidString(name) }

// join adds a name to a path below the root, which is "." itself.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// parent is the directory of a path below the root, and the name in it.
func parent(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return ".", path
}

// keyHash names what belongs to a key outside its directory.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
