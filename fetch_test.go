package storage

import (
	"context"
	"io"
	"strings"
	"testing"
)

// gone is a Store whose object was there once.
type gone struct{ Store }

func (gone) Get(context.Context, string, *GetOptions) (*GetResult, error) {
	return nil, &Error{Kind: ErrNotExist}
}

// A body can break while the rest of its range comes on another connection, after it was looked at
// for what broke it. The rest is there then: it is not asked for once more, and kept for nobody.
func TestRestOfBrokenBody(t *testing.T) {
	b := New(gone{}, nil)
	const content = "content"
	f := &fetch{
		e: b.e, ctx: t.Context(), key: "k", end: int64(len(content)),
		obj: &Object{Size: int64(len(content)), ETag: `"1"`},
	}
	c := f.watchRange(f.end)
	f.at = 2
	c.came(2)
	c.flow.hedged(true)
	c.next = &rest{
		body:    io.NopCloser(strings.NewReader(content[1:])),
		attempt: b.e.newAttempt(t.Context(), f.hedge(), 1), at: 1, given: f.end,
	}
	var got strings.Builder
	for p := make([]byte, 4); ; {
		n, err := f.read(p)
		got.Write(p[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got.String() != content[2:] {
		t.Errorf("read %q, want %q", got.String(), content[2:])
	}
	if b.e.down.hedge {
		t.Error("the second connection counts for ever")
	}
	c.done(nil)
}
