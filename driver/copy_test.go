package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

// all are the two ways to take the body of a write.
var all = map[string]func(context.Context, io.Reader, int64) ([]byte, error){
	"ReadAll": ReadAll,
	"Copy": func(ctx context.Context, r io.Reader, size int64) ([]byte, error) {
		var got bytes.Buffer
		err := Copy(ctx, &got, r, size, make([]byte, 3))
		return got.Bytes(), err
	},
}

func TestExactSize(t *testing.T) {
	broken := errors.New("disk on fire")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, read := range all {
		for _, test := range []struct {
			name string
			ctx  context.Context
			body io.Reader
			size int64
			want error
		}{
			{"exact", t.Context(), strings.NewReader("12345"), 5, nil},
			{"empty", t.Context(), strings.NewReader(""), 0, nil},
			{"byte by byte", t.Context(), iotest.OneByteReader(strings.NewReader("12345")), 5, nil},
			{"EOF with bytes", t.Context(), iotest.DataErrReader(strings.NewReader("12345")), 5,
				nil},
			{"too short", t.Context(), strings.NewReader("1234"), 5, io.ErrUnexpectedEOF},
			{"too long", t.Context(), strings.NewReader("123456"), 5, storage.ErrInvalid},
			{"longer than nothing", t.Context(), strings.NewReader("1"), 0, storage.ErrInvalid},
			{"negative", t.Context(), strings.NewReader(""), -1, storage.ErrInvalid},
			{"broken", t.Context(), iotest.ErrReader(broken), 5, broken},
			{"ended", ended, strings.NewReader("12345"), 5, context.Canceled},
		} {
			got, err := read(test.ctx, test.body, test.size)
			var e *storage.Error
			if !errors.Is(err, test.want) || err != nil && !errors.As(err, &e) {
				t.Errorf("%s, %s: %v, want %v", name, test.name, err, test.want)
			}
			if err == nil && string(got) != "12345"[:test.size] {
				t.Errorf("%s, %s: %q", name, test.name, got)
			}
		}
	}
}

// The end of the context is seen behind every Read, whatever the Read returns, and ends the
// reading.
func TestContextEndsDuringRead(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, read := range all {
		for _, test := range []struct {
			name string
			size int64 // of a body of four bytes, which come one by one
			at   int   // the Read that the context ends in
			err  error // of that Read, if it does not go well
		}{
			{"a short read", 4, 1, nil},
			{"a broken read", 4, 2, broken},
			{"the last byte", 4, 4, nil},
			{"the end", 4, 5, nil},
			{"a broken end", 4, 5, broken},
			{"an early end", 5, 5, nil},
			{"a byte too many", 3, 4, nil},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			reads, whole := 0, iotest.OneByteReader(strings.NewReader("1234"))
			_, err := read(ctx, readerFunc(func(p []byte) (int, error) {
				if reads++; reads == test.at {
					cancel()
					if test.err != nil {
						return 0, test.err
					}
				}
				return whole.Read(p)
			}), test.size)
			var e *storage.Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Kind != nil {
				t.Errorf("%s, %s: %v, want %v", name, test.name, err, context.Canceled)
			}
			if reads != test.at {
				t.Errorf("%s, %s: %d reads, want %d", name, test.name, reads, test.at)
			}
		}
	}
}

func TestReadAllGrows(t *testing.T) {
	const size = 2*believed + 12345
	data, err := ReadAll(t.Context(), io.LimitReader(zeros{}, size), size)
	if err != nil || len(data) != size {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	// A size that is a lie costs no more than what is believed.
	_, err = ReadAll(t.Context(), strings.NewReader("x"), 1<<50)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestCopyToBroken(t *testing.T) {
	full := errors.New("disk full")
	w := writerFunc(func([]byte) (int, error) { return 0, full })
	if err := Copy(t.Context(), w, strings.NewReader("123"), 3, make([]byte, 8)); err != full {
		t.Errorf("%v, want %v as it is", err, full)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
