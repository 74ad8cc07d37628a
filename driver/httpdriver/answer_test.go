package httpdriver

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// endless is a body without an end, which counts what is read of it.
type endless struct {
	read   int64
	closed bool
}

func (e *endless) Read(p []byte) (int, error) { e.read += int64(len(p)); return len(p), nil }
func (e *endless) Close() error               { e.closed = true; return nil }

// What is left of an answer is read, for the next request, but not without an end.
func TestDrain(t *testing.T) {
	body := new(endless)
	Drain(&http.Response{Body: body, ContentLength: -1})
	if body.read > 2*maxDrain || !body.closed {
		t.Errorf("%d bytes were read, closed %v", body.read, body.closed)
	}
	short := strings.NewReader("short")
	Drain(&http.Response{Body: io.NopCloser(short), ContentLength: 5})
	if short.Len() != 0 {
		t.Errorf("%d bytes are left", short.Len())
	}
}
