package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseContentRange reads "bytes first-last/size", with 0 <= first <= last < size.
func ParseContentRange(v string) (first, last, size int64, err error) {
	bounds, total, ok := strings.Cut(strings.TrimPrefix(v, "bytes "), "/")
	from, to, dash := strings.Cut(bounds, "-")
	ok = ok && dash && strings.HasPrefix(v, "bytes ")
	var n [3]int64
	for i, text := range [...]string{from, to, total} {
		u, err := strconv.ParseUint(text, 10, 63)
		ok = ok && err == nil
		n[i] = int64(u)
	}
	if !ok || n[0] > n[1] || n[1] >= n[2] {
		return 0, 0, 0, fmt.Errorf("malformed Content-Range %q", v)
	}
	return n[0], n[1], n[2], nil
}
