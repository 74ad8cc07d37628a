package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// TestUpdateEnds: a service that refuses the very ETag that it shows, as Ceph does where the ETag
// is in quotes, ends an Update. Other writers do not, however often they are quicker.
func TestUpdateEnds(t *testing.T) {
	refused := fault.Refuse(&storage.Error{Kind: storage.ErrPrecondition})
	exists := fault.Refuse(&storage.Error{Kind: storage.ErrExist})
	quicker := refused.Before(func(
		ctx context.Context, s storage.FullStore, c fault.Call,
	) error {
		_, err := s.Put(ctx, c.Key, strings.NewReader("other"), 5, &storage.PutOptions{})
		return err
	})
	for _, c := range []struct {
		name   string
		there  bool // the object
		faults []fault.Fault
		want   string // in the error; empty: there is none
		puts   int
	}{
		{"the ETag refused for good", true, []fault.Fault{refused, refused, refused},
			"refuses the ETag", 2},
		{"the creation refused for good", false, []fault.Fault{exists, exists, exists},
			"refuses to create", 2},
		{"refused once", true, []fault.Fault{refused}, "", 2},
		{"the creation refused once", false, []fault.Fault{exists}, "", 2},
		{"others are quicker", true, []fault.Fault{quicker, quicker, quicker, quicker}, "", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, s := newBucket(t, storage.Options{
				Retry: storage.RetryOptions{MinDelay: time.Nanosecond},
			})
			if c.there {
				if _, err := b.WriteAll(t.Context(), "k", []byte("old"), nil); err != nil {
					t.Fatal(err)
				}
			}
			s.Reset()
			before := s.Count("Put")
			s.Next("Put", c.faults...)
			_, err := b.Update(t.Context(), "k",
				func([]byte, *storage.Object) ([]byte, error) { return []byte("new"), nil })
			switch {
			case c.want == "" && err != nil:
				t.Errorf("Update: %v", err)
			case c.want != "" && (!errors.Is(err, storage.ErrPrecondition) ||
				!strings.Contains(err.Error(), c.want)):
				t.Errorf("Update: %v, want ErrPrecondition that says %q", err, c.want)
			}
			if got := s.Count("Put") - before; got != c.puts {
				t.Errorf("%d writes, want %d", got, c.puts)
			}
		})
	}
}

// An update that creates an object, and whose request a proxy delivers twice, is refused and finds
// itself: its progress ends all the same.
func TestUpdateProgress(t *testing.T) {
	b, s := newFaulty(t)
	s.Next("Put", fault.Twice())
	var last storage.Progress
	_, err := b.UpdateWith(t.Context(), "k",
		func([]byte, *storage.Object) ([]byte, error) { return []byte("new"), nil },
		&storage.UpdateOptions{Create: &storage.PutOptions{
			Progress: func(p storage.Progress) { last = p },
		}})
	if want := (storage.Progress{Done: 3, Total: 3}); err != nil || last != want {
		t.Errorf("UpdateWith: %v, progress ends at %v, want %v", err, last, want)
	}
}
