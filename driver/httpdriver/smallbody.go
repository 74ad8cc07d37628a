package httpdriver

import (
	"bytes"
	"io"
	"net/http"
)

// smallBody is the size of bodies, in bytes, whose copy takes less than a call of the system.
const smallBody = 16 << 10

// writeBuffer has room for a small body and the header before it. Each connection has one.
const writeBuffer = smallBody + 4<<10

// CopyBody makes a small body that of req, from a copy in memory, and reports whether body is a
// small one: of 1 byte to 16 KiB. net/http sends such a body with the header, by one call of the
// system, and once more where a connection that was kept turns out to be closed and nothing was
// written. An error is that of reading body, and nothing is sent.
func CopyBody(req *http.Request, body io.Reader, size int64) (bool, error) {
	if size <= 0 || size > smallBody {
		return false, nil
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(body, data); err != nil {
		return false, err
	}
	req.ContentLength = size
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	req.Body = io.NopCloser(bytes.NewReader(data))
	return true, nil
}
