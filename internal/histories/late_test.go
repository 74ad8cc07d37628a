package histories_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/histories"
	"github.com/polystore/storage/providers/memory"
)

// certain is a driver that calls no request in doubt that it gave up: it takes what it did not wait
// for as not sent. Of a request that is delivered twice it may have seen the first answer.
type certain struct{ storage.FullStore }

type answeredKey struct{}

// asking returns a context below which answering notes an answer, and what becomes of an error.
func asking(ctx context.Context) (context.Context, func(error) error) {
	answered := new(atomic.Bool)
	return context.WithValue(ctx, answeredKey{}, answered), func(err error) error {
		var e *storage.Error
		if errors.As(err, &e) && errors.Is(err, context.DeadlineExceeded) && !answered.Load() {
			e.InDoubt = false
		}
		return err
	}
}

// answering is the service of a certain.
type answering struct{ storage.FullStore }

func answered(ctx context.Context, err error) {
	if b, ok := ctx.Value(answeredKey{}).(*atomic.Bool); ok && err == nil {
		b.Store(true)
	}
}

func (a answering) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	o, err := a.FullStore.Put(ctx, key, body, size, opts)
	answered(ctx, err)
	return o, err
}

func (a answering) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	err := a.FullStore.Delete(ctx, key, opts)
	answered(ctx, err)
	return err
}

func (c certain) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	ctx, denied := asking(ctx)
	o, err := c.FullStore.Put(ctx, key, body, size, opts)
	return o, denied(err)
}

func (c certain) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	ctx, denied := asking(ctx)
	return denied(c.FullStore.Delete(ctx, key, opts))
}

// A driver that denies the doubt of a request that it gave up is caught by requests that arrive
// late, and by nothing else that happens to requests. A sound one is not accused.
func TestLate(t *testing.T) {
	lost := func(*rand.Rand) fault.Fault { return fault.Lost() }
	twice := func(*rand.Rand) fault.Fault { return fault.Twice() }
	doubt := func(*rand.Rand) fault.Fault { return fault.Doubt() }
	late := func(r *rand.Rand) fault.Fault {
		return fault.LateBy(time.Duration(r.IntN(10_000)) * time.Microsecond)
	}
	for _, test := range []struct {
		name   string
		denies bool
		faults []func(*rand.Rand) fault.Fault
		want   string
	}{
		{"sound", false, []func(*rand.Rand) fault.Fault{lost, twice, doubt, late}, ""},
		{"denies doubts, nothing is late", true,
			[]func(*rand.Rand) fault.Fault{lost, twice, doubt}, ""},
		{"denies doubts", true, []func(*rand.Rand) fault.Fault{lost, twice, doubt, late},
			"not in doubt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var total histories.Report
			const most = 30
			for seed := uint64(1); seed <= most; seed++ {
				inner, err := memory.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				unsteady := fault.New(answering{histories.Count(inner)})
				r := rand.New(rand.NewPCG(seed, 0))
				for _, op := range []string{"Put", "Delete", "Copy"} {
					for i := range 100 {
						if r.IntN(10) == 0 {
							f := test.faults[r.IntN(len(test.faults))](r)
							unsteady.Add(fault.Rule{Op: op, Skip: i, Fault: f})
						}
					}
				}
				var s storage.Store = unsteady
				if test.denies {
					s = certain{unsteady}
				}
				b := storage.New(s, &storage.Options{
					StallTimeout: 20 * time.Millisecond,
					Retry: storage.RetryOptions{
						MinDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Budget: -1,
					},
				})
				h := histories.Run(t.Context(), b, histories.Config{
					Seed: seed, Patience: 10 * time.Millisecond, Wait: unsteady.Wait,
				})
				h.Counted = true
				report, err := h.Check(time.Minute)
				switch {
				case err == nil:
					total.Add(report)
					continue
				case test.want == "" || !strings.Contains(err.Error(), test.want):
					t.Fatalf("seed %d: %v", seed, err)
				}
				t.Logf("caught by the history of seed %d", seed)
				return
			}
			t.Logf("%+v", total)
			if test.want != "" {
				t.Errorf("not caught in %d histories", most)
			}
			if test.want == "" && !test.denies && total.Late == 0 {
				t.Error("nothing was late")
			}
		})
	}
}
