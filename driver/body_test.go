package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

const content = "content"

func TestBodyReads(t *testing.T) {
	ctx := t.Context()
	for name, b := range map[string]io.ReadCloser{
		"of its length":          NewBody(ctx, strings.NewReader(content), 7),
		"of an unknown length":   NewBody(ctx, strings.NewReader(content), -1),
		"of the head of another": NewBody(ctx, strings.NewReader(content+" and more"), 7),
		"io.EOF with the bytes":  NewBody(ctx, iotest.DataErrReader(strings.NewReader(content)), 7),
		"broken behind the last": NewBody(
			ctx, io.MultiReader(strings.NewReader(content), iotest.ErrReader(io.ErrClosedPipe)), 7,
		),
		"in memory": BytesBody(ctx, []byte(content)),
	} {
		if err := iotest.TestReader(b, []byte(content)); err != nil {
			t.Errorf("a body %s: %v", name, err)
		}
	}
	if n := testing.AllocsPerRun(10, func() { BytesBody(ctx, []byte("x")) }); n > 2 {
		t.Errorf("BytesBody and its bytes cost %v allocations", n)
	}
}

func TestBodyBreaks(t *testing.T) {
	reset := &url.Error{Op: "Get", URL: "https://host/secret", Err: errors.New("connection reset")}
	own := &storage.Error{Kind: storage.ErrChanged}
	for _, test := range []struct {
		name  string
		body  io.Reader
		kind  error
		cause error
	}{
		{"too short", strings.NewReader("con"), storage.ErrUnavailable, io.ErrUnexpectedEOF},
		{
			"broken", io.MultiReader(strings.NewReader("con"), iotest.ErrReader(reset)),
			storage.ErrUnavailable, reset,
		},
		{
			"classified", io.MultiReader(strings.NewReader("con"), iotest.ErrReader(own)),
			storage.ErrChanged, own,
		},
	} {
		got, err := io.ReadAll(NewBody(t.Context(), test.body, 7))
		if string(got) != "con" || !errors.Is(err, test.kind) ||
			test.cause != own && !errors.Is(err, test.cause) {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the text has the URL: %v", test.name, err)
		}
	}
}

// Bytes that have arrived already do not outlive the context, and its end is the error of a read
// that it broke.
func TestBodyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	breaking := NewBody(ctx, readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, errors.New("broken")
	}), 7)
	for range 2 {
		var e *storage.Error
		n, err := breaking.Read(make([]byte, 8))
		if n != 0 || !errors.As(err, &e) || e.Kind != nil || e.Err != context.Canceled {
			t.Errorf("after the end of the context: %d, %v", n, err)
		}
	}
}

func TestBodyCloses(t *testing.T) {
	closes := 0
	r, w := io.Pipe()
	b := NewBody(t.Context(), closer{r, func() error {
		closes++
		return r.Close()
	}}, 7)
	done := make(chan error)
	go func() {
		_, err := io.ReadAll(b)
		done <- err
	}()
	w.Write([]byte("con")) // the Read is under way, or about to be
	for range 2 {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := <-done; !errors.Is(err, storage.ErrClosed) {
		t.Errorf("a Read that Close broke: %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("a Read after Close: %v", err)
	}
	if closes != 1 {
		t.Errorf("the reader was closed %d times", closes)
	}
	if err := NewBody(t.Context(), bytes.NewReader(nil), 0).Close(); err != nil {
		t.Errorf("Close of what cannot be closed: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type closer struct {
	io.Reader
	close func() error
}

func (c closer) Close() error { return c.close() }
