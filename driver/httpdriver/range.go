package httpdriver

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// Range returns the Range header for the Offset and Length of o, empty for the whole object: a
// range of an empty object would be refused.
func Range(o *storage.GetOptions) string {
	switch offset, length := o.Offset, o.Length; {
	case offset < 0:
		return "bytes=" + strconv.FormatInt(offset, 10)
	case length > 0 && offset <= math.MaxInt64-length:
		return fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)
	case offset > 0: // also where the end is behind all numbers
		return fmt.Sprintf("bytes=%d-", offset)
	}
	return ""
}

// SetRange puts what a Content-Range says, "bytes first-last/size", into the result of a Get. One
// that is malformed, or whose bytes do not lie within the object, is ErrUnavailable.
func SetRange(r *storage.GetResult, contentRange string) error {
	first, last, size, err := ParseContentRange(contentRange)
	if err != nil {
		return &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	}
	r.Offset, r.Length, r.Object.Size = first, last-first+1, size
	return nil
}

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
