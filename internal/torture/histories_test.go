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

// judging is how long the judge may take for one key.
const judging = 30 * time.Second

// Whatever concurrent callers do and see while requests fail, get lost and arrive twice, each key
// behaves as one value that changes in steps.
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
			if raced*10 > *historyCount {
				t.Errorf("%d of %d histories fit no order, which is more than the races of the "+
					"server would explain: %s", raced, *historyCount, s.Races)
			}
			tally.Add(t, tally.Row{
				What: "histories of 200 operations", On: s.Name, Tried: *historyCount,
				Note: fmt.Sprintf("%d operations, %d faults; %d unknown, %d failed, %d landed "+
					"again, "+
					"%d excused, %d mixed, %d of races of the server",
					total.Ops, faults, total.Unknown, total.Failed,
					total.Landings, total.Excused, total.Mixed, raced),
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
	b := storage.New(store, &quick)
	c := histories.Config{
		Seed: seed, Prefix: fmt.Sprintf("h%d/", seed), Flat: s.Flat,
		PartSize: s.PartSize, Large: s.PartSize * 5 / 2,
	}
	h := histories.Run(t.Context(), b, c)
	h.ContentETags, h.MixedReads, h.Counted = s.ContentETags, s.MixedReads, true
	r, err := h.Check(judging)
	if _, e := raw.DeletePrefix(t.Context(), c.Prefix, nil); e != nil && err == nil {
		err = e
	}
	return r, int(faults.Load()), err
}
