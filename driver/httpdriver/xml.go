package httpdriver

import "strings"

// XMLText reports whether XML 1.0 can carry s: https://www.w3.org/TR/xml/#charsets. A key that it
// cannot carry arrives as another, or not at all.
func XMLText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}
