package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestInterruptible(t *testing.T) {
	text := strings.Repeat("standard input ", 1000)
	for name, r := range map[string]io.Reader{
		"whole":    strings.NewReader(text),
		"half":     iotest.HalfReader(strings.NewReader(text)),
		"data+EOF": iotest.DataErrReader(strings.NewReader(text)),
	} {
		if err := iotest.TestReader(&interruptible{ctx: t.Context(), r: r},
			[]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A source that says nothing any more does not keep the command from ending.
func TestInterruptibleWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	s := &interruptible{ctx: ctx, r: r}
	go func() {
		io.WriteString(w, "a")
		cancel()
	}()
	got, err := io.ReadAll(s)
	if !errors.Is(err, context.Canceled) || len(got) > 1 {
		t.Errorf("ReadAll = %q, %v; want at most %q and %v", got, err, "a", context.Canceled)
	}
}
