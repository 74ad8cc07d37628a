package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// rm prints the failures of the keys, and then why it did not come to the others. After a signal
// the keys that were under way are no news.
func TestWhyNotAllWereRemoved(t *testing.T) {
	denied := &storage.Error{Kind: storage.ErrPermission, Err: errors.New("the list")}
	for name, c := range map[string]struct {
		broken error // of the list; nil: the signal comes
		want   error
	}{
		"a list that fails": {denied, storage.ErrPermission},
		"a signal":          {nil, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := memory.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := fault.New(m)
			s.Next("Delete", fault.HangWaiting().Before(
				func(context.Context, storage.FullStore, fault.Call) error {
					cancel()
					return nil
				}))
			b := storage.New(s, nil)
			defer b.Close()
			var stderr strings.Builder
			r := &removal{app: &app{ctx: ctx, stderr: &screen{out: &stderr}}}
			err = r.note(b.DeleteListed(ctx, func(yield func(*storage.Object, error) bool) {
				yield(&storage.Object{Key: "p/", IsPrefix: true}, nil)
				if c.broken != nil {
					yield(nil, c.broken)
					return
				}
				yield(&storage.Object{Key: "k"}, nil)
			}, nil))
			if !errors.Is(err, c.want) {
				t.Errorf("%v is returned, want %v", err, c.want)
			}
			const printed = "polystore: Delete \"p/\": invalid argument: " +
				"a common prefix is not an object\n"
			if stderr.String() != printed {
				t.Errorf("printed: %s", &stderr)
			}
		})
	}
}
