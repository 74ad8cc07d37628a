package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

const (
	maxKeyUnits = 1024 // UTF-16 code units
	maxSegments = 254
)

// checkKey refuses for a new object the keys that the service or what is in front of it would take
// for another: Azure makes a slash of a backslash, drops dots and slashes at the end, and resolves
// "." and "..". Markers of directories do end in a slash, and can be asked for.
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#blob-names
func checkKey(key string) error {
	reason := unaskable(key)
	switch {
	case reason != "":
	case strings.Count(key, "/") >= maxSegments:
		reason = "more than 254 segments"
	case strings.HasSuffix(key, "/"):
		reason = "slash at the end"
	case strings.ContainsFunc(key, unfit):
		reason = "control character or noncharacter"
	case endsInDot(key):
		reason = "segment that ends in a dot"
	}
	return invalidKey(key, reason)
}

// checkAsked returns why there is nothing to ask for under key: ErrInvalidKey where no object has
// such a key, ErrNotExist where no list shows it. Where a segment ends in a dot the service may
// take the key for another, so that only a list can tell, which is a request. Once a list has shown
// such a key, the service is known to keep them.
func (s *Store) checkAsked(ctx context.Context, key string) error {
	if err := invalidKey(key, unaskable(key)); err != nil {
		return err
	}
	if !endsInDot(key) || s.keepsDots.Load() {
		return nil
	}
	there, err := driver.Lists(ctx, key, s.ListPage)
	if err == nil && !there {
		err = driver.Errorf(storage.ErrNotExist, "no list shows this key")
	}
	return err
}

// noteKeys learns from what a list shows.
func (s *Store) noteKeys(found []*entry) {
	if !s.keepsDots.Load() && slices.ContainsFunc(found, func(e *entry) bool {
		return !e.IsPrefix && endsInDot(e.Key)
	}) {
		s.keepsDots.Store(true)
	}
}

// unaskable says why there can be no request for key, or "". To whatever cleans paths on the way, a
// path that ends in "." or ".." is one of the container.
func unaskable(key string) string {
	switch {
	case key == "." || key == "..":
		return `the name "." or ".."`
	case len(key) > maxKeyUnits && len(utf16.Encode([]rune(key))) > maxKeyUnits:
		return "longer than 1024 UTF-16 code units"
	case strings.Contains(key, `\`):
		return "backslash"
	}
	return ""
}

func endsInDot(key string) bool {
	return strings.HasSuffix(key, ".") || strings.Contains(key, "./")
}

func invalidKey(key, reason string) error {
	if reason == "" {
		return nil
	}
	return &storage.Error{
		Key: key, Kind: storage.ErrInvalidKey, Err: fmt.Errorf("%s on Azure", reason),
	}
}

// unfit reports what cannot be in a URL's path of the service or in the XML of its lists.
func unfit(r rune) bool {
	return unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF
}

// CheckKey refuses the keys that a write would.
func (s *Store) CheckKey(key string) error { return checkKey(key) }
