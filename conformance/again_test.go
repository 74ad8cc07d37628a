package conformance

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/polystore/storage"
)

// checkAgain runs some checks on a Store that fails as plant says. Time does not pass.
func checkAgain(t *testing.T, plant func(b *bench), only ...string) *Report {
	var r *Report
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, only[0])
		plant(b)
		o := b.options()
		o.Only = only
		var err error
		if r, err = Check(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// TestAgain shows what the suite forgives a Store that has no Bucket around it: a busy service, and
// a read or a plain write that failed.
func TestAgain(t *testing.T) {
	unavailable := func(inDoubt bool) error {
		return &storage.Error{Kind: storage.ErrUnavailable, InDoubt: inDoubt}
	}
	failPut := func(err error) func(b *bench) {
		return func(b *bench) {
			var failed atomic.Bool
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if !failed.Swap(true) {
					io.CopyN(io.Discard, body, 3)
					return nil, err
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}
	}
	for _, tc := range []struct {
		name  string
		plant func(b *bench)
		only  string
		want  Status
		again int64
	}{
		{"a list that failed once", func(b *bench) {
			var failed atomic.Bool
			b.uploads = func(
				ctx context.Context, o *storage.ListOptions,
			) (*storage.UploadPage, error) {
				if !failed.Swap(true) {
					return nil, unavailable(true)
				}
				return b.inner.ListUploadsPage(ctx, o)
			}
		}, "upload/list", Kept, 1},
		{"a write refused for now", failPut(&storage.Error{Kind: storage.ErrThrottled}),
			"write/read-back", Kept, 1},
		{"a write that never left", failPut(unavailable(false)), "write/read-back", Kept, 1},
		{"a write in doubt", failPut(unavailable(true)), "write/read-back", Kept, 1},
		{"a conditional write in doubt", failPut(unavailable(true)), "condition/if-absent",
			Broken, 0},
		{"a read that is always refused", func(b *bench) {
			b.stat = func(context.Context, string, *storage.StatOptions) (*storage.Object, error) {
				return nil, unavailable(false)
			}
		}, "read/get-is-stat", Broken, againAttempts - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := checkAgain(t, tc.plant, tc.only)
			if got := r.Results[0]; got.Status != tc.want || r.Again != tc.again {
				t.Errorf("%v, %d sent again, want %v, %d: %v", got.Status, r.Again, tc.want,
					tc.again, got.Err)
			}
		})
	}
}

// TestAgainEnds shows that a service that is down does not keep the suite for long.
func TestAgainEnds(t *testing.T) {
	down := &storage.Error{Kind: storage.ErrUnavailable}
	r := checkAgain(t, func(b *bench) {
		b.put = func(
			context.Context, string, io.ReadSeeker, int64, *storage.PutOptions,
		) (*storage.Object, error) {
			return nil, down
		}
		b.create = func(context.Context, string, *storage.PutOptions) (string, error) {
			return "", down
		}
		b.batch = func(context.Context, []string, *storage.DeleteBatchOptions) ([]error, error) {
			return nil, down
		}
	}, "*/*")
	if r.Err() == nil || r.Again != againBudget {
		t.Errorf("%d sent again, budget %d; broken: %v", r.Again, againBudget, r.Err() != nil)
	}
}
