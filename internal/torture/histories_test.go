package torture

import (
	"flag"
	"fmt"
	"strings"
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

// judging is how long the judge may take for one key. It takes far less but where the machine has
// other things to do.
const judging = 3 * time.Minute

// Whatever concurrent callers do and see while requests fail, get lost, arrive twice and arrive
// when nobody waits for them any more, each key behaves as one value that changes in steps.
func TestHistories(t *testing.T) {
	for _, s := range services.All {
		t.Run(s.Name, func(t *testing.T) {
			var total histories.Report
			var tried, faults, uploads, ofParts int
			tally.Later(t, func() tally.Row {
				return tally.Row{
					What: "histories of 200 operations", On: s.Name, Tried: tried,
					Note: fmt.Sprintf("%d operations, %d faults; %d uploads in parts, with %d of "+
						"the faults; %d unknown, %d failed, %d landed again, "+
						"%d of these late, %d excused, %d mixed, %d passed by a Delete",
						total.Ops, faults, uploads, ofParts, total.Unknown, total.Failed,
						total.Landings, total.Late, total.Excused, total.Mixed, total.Passed),
					Seeds: seeds(*firstSeed, tried),
				}
			})
			raw := s.Open(t)
			bareParts(t, s, raw)
			for seed := *firstSeed; seed < *firstSeed+uint64(*historyCount); seed++ {
				r, store, m, err := history(t, s, raw, seed)
				tried++
				total.Add(r)
				faults += int(m.all.Load())
				uploads += store.Count("CreateUpload")
				ofParts += int(m.ofParts.Load())
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			if tried >= 100 && ofParts == 0 {
				t.Errorf("no request of %d uploads in parts met a fault", uploads)
			}
		})
	}
}

// bareParts holds what the service says of objects in parts against one.
func bareParts(t *testing.T, s services.Service, b *storage.Bucket) {
	t.Helper()
	part := max(s.PartSize, s.DearPart)
	data := strings.NewReader(strings.Repeat("x", int(part)+1))
	_, err := b.Put(t.Context(), "parts", data, &storage.PutOptions{PartSize: part})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Get(t.Context(), "parts", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if bare := r.Object().Checksums.IsZero(); bare != s.BareParts {
		t.Errorf("an object in parts has no checksum: %v, and BareParts is %v", bare, s.BareParts)
	}
	if err := b.Delete(t.Context(), "parts", nil); err != nil {
		t.Fatal(err)
	}
}

// seeds are n of them, from the first one on.
func seeds(first uint64, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d to %d", first, first+uint64(n)-1)
}

// dearHistories is how many histories there are for one with objects in parts where parts are dear.
const dearHistories = 10

// history makes one history and judges it. It returns the requests, and which of them met a fault.
func history(
	t *testing.T, s services.Service, raw *storage.Bucket, seed uint64,
) (histories.Report, *fault.Store, *met, error) {
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
	if s.DearPart > 0 && seed%dearHistories == 0 {
		c.PartSize, c.Large = s.DearPart, s.DearPart+1000
		c.Patience *= 4
		c.BareParts = s.BareParts
	}
	h := histories.Run(t.Context(), b, c)
	h.ContentETags, h.MixedGets, h.Counted = s.ContentETags, s.MixedGets, true
	h.BlocksBlock, h.DeletesPass = s.BlocksBlock, s.DeletesPass
	r, err := h.Check(judging)
	tidy := storage.New(raw.Store(), &patient)
	if _, e := tidy.DeletePrefix(t.Context(), c.Prefix, nil); e != nil && err == nil {
		err = e
	}
	return r, store, faults, err
}
