package file

import (
	"path/filepath"
	"strings"
)

// mark ends every name that is not a key's. Windows drops a dot at the end of a name, so it cannot
// be one here, and keys with a segment that ends in it are refused.
const mark = "$"

// badName says what the operating system has against a name: the characters of its own syntax, a
// space at the end (it is dropped), and the names of devices (con, nul, com1 …).
func badName(seg string) string {
	switch {
	case strings.ContainsAny(seg, `<>:"\|?*`):
		return "character that Windows takes in no name"
	case strings.ContainsFunc(seg, func(r rune) bool { return r < ' ' }):
		return "control character"
	case strings.HasSuffix(seg, " "):
		return "segment that ends in a space"
	case !filepath.IsLocal(seg):
		return "name of a device"
	}
	return ""
}
