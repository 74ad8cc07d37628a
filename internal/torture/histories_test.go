package torture

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/histories"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/internal/tally"
)

var (
	historyCount = flag.Int("histories", defaultHistories, "histories on each driver")
	firstSeed    = flag.Uint64("seed", 1, "of the first history, program or soak")
)

// givingUp is how long a request may stand still in a history. A server takes its time now and
// then.
func givingUp(s services.Service) time.Duration {
	if s.Local {
		return 50 * time.Millisecond
	}
	return 300 * time.Millisecond
}

// patient outlasts a server that stands still for some minutes.
var patient = storage.Options{Retry: storage.RetryOptions{
	Attempts: 40, MaxDelay: 10 * time.Second, Budget: -1,
}}

// judging is how long the judge may take for one key.
const judging = 30 * time.Second

// Whatever concurrent callers do and see while requests fail, get lost, arrive twice and arrive
// when nobody waits for them any more, each key behaves as one value that changes in steps.
func TestHistories(t *testing.T) {
	for _, s := range services.All {
		t.Run(s.Name, func(t *testing.T) {
			raw := s.Open(t)
			var total histories.Report
			faults, raced := 0, 0
			for seed := *firstSeed; seed < *firstSeed+uint64(*historyCount); seed++ {
				r, n, err := history(t, s, raw, seed)
				total.Add(r)
				faults += n
				switch {
				case err != nil && s.Races == "":
					t.Fatalf("seed %d: %v", seed, err)
				case err != nil:
					raced++
					t.Logf("seed %d: %v\nThe server: %s", seed, err, s.Races)
				}
			}
			if raced > max(2, *historyCount/10) {
				t.Errorf("%d of %d histories fit no order, which is more than the races of the "+
					"server would explain: %s", raced, *historyCount, s.Races)
			}
			tally.Add(t, tally.Row{
				What: "histories of 200 operations", On: s.Name, Tried: *historyCount,
				Note: fmt.Sprintf("%d operations, %d faults; %d unknown, %d failed, %d landed "+
					"again, %d of these late, %d excused, %d mixed, %d of races of the server",
					total.Ops, faults, total.Unknown, total.Failed, total.Landings, total.Late,
					total.Excused, total.Mixed, raced),
				Seeds: fmt.Sprintf("%d to %d", *firstSeed, *firstSeed+uint64(*historyCount)-1),
			})
		})
	}
}

// history makes one history and judges it. It returns how many requests met a fault.
func history(
	t *testing.T, s services.Service, raw *storage.Bucket, seed uint64,
) (histories.Report, int, error) {
	store := fault.New(histories.Count(raw.Store()))
	faults := plan(store, seed, 12, 200)
	opts := quick
	opts.StallTimeout = givingUp(s)
	b := storage.New(store, &opts)
	c := histories.Config{
		Seed: seed, Prefix: fmt.Sprintf("h%d/", seed), Flat: s.Flat,
		PartSize: s.PartSize, Large: s.PartSize * 5 / 2,
		Patience: opts.StallTimeout / 2, Wait: store.Wait,
	}
	h := histories.Run(t.Context(), b, c)
	h.ContentETags, h.MixedGets, h.Counted = s.ContentETags, s.MixedGets, true
	h.CopiesBlock = s.CopiesBlock
	r, err := h.Check(judging)
	tidy := storage.New(raw.Store(), &patient)
	if _, e := tidy.DeletePrefix(t.Context(), c.Prefix, nil); e != nil && err == nil {
		err = e
	}
	return r, int(faults.Load()), err
}
