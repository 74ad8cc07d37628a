package wire

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

func TestBody(t *testing.T) {
	if err := iotest.TestReader(NewBody(t.Context(), io.NopCloser(strings.NewReader("content"))), []byte("content")); err != nil {
		t.Error(err)
	}

	reset := &url.Error{Op: "Get", URL: "https://host/secret", Err: errors.New("connection reset")}
	broken := io.MultiReader(strings.NewReader("con"), iotest.ErrReader(reset))
	got, err := io.ReadAll(NewBody(t.Context(), io.NopCloser(broken)))
	if string(got) != "con" || !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, reset) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a body that breaks: %q, %v", got, err)
	}

	// Bytes that have arrived already do not outlive the context, and its end is the error of a read that it broke.
	ctx, cancel := context.WithCancel(t.Context())
	breaking := NewBody(ctx, io.NopCloser(endReader{cancel, reset}))
	for range 2 {
		var e *storage.Error
		if n, err := breaking.Read(make([]byte, 8)); n != 0 || !errors.As(err, &e) || e.Kind != nil || e.Err != context.Canceled {
			t.Errorf("after the end of the context: %d, %v", n, err)
		}
	}
}

// endReader ends a context and fails by it.
type endReader struct {
	cancel context.CancelFunc
	err    error
}

func (r endReader) Read([]byte) (int, error) {
	r.cancel()
	return 0, r.err
}
