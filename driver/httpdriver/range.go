package httpdriver

import (
	"fmt"
	"math"
	"net/http"
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

// SetRange puts what a Content-Range says, "bytes first-last/size", into the result of a Get.
// r.Length is the Content-Length, negative if there is none. A Content-Range is ErrUnavailable if
// it is malformed, disagrees with the Content-Length, or does not begin where asked does. It may
// end earlier than asked; then the caller reads on.
func SetRange(r *storage.GetResult, asked *storage.GetOptions, contentRange string) error {
	first, last, size, err := ParseContentRange(contentRange)
	begin := asked.Offset
	if begin < 0 {
		begin = max(size+begin, 0)
	}
	length := last - first + 1
	switch {
	case err != nil:
	case r.Length >= 0 && r.Length != length:
		err = fmt.Errorf("%d bytes under Content-Range %q", r.Length, contentRange)
	case first != begin:
		err = fmt.Errorf(
			"asked for offset %d, the answer has Content-Range %q", asked.Offset, contentRange,
		)
	}
	if err != nil {
		return &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	}
	r.Offset, r.Length, r.Object.Size = first, length, size
	return nil
}

// Delimited reports whether the end of an answer's body, without a Content-Length, can be told from
// the end of its connection. Chunks and the streams of HTTP/2 mark their own end.
func Delimited(resp *http.Response) bool {
	return resp.ProtoMajor >= 2 ||
		len(resp.TransferEncoding) > 0 && resp.TransferEncoding[0] == "chunked"
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
