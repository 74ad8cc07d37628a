package memory

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestIndex does the same to an index and to a map, with more keys than a chunk holds.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var x index
	model := make(map[string]*version)
	check := func() {
		t.Helper()
		want := slices.Sorted(maps.Keys(model))
		for range 20 {
			from := strconv.Itoa(r.IntN(6000))
			at, _ := slices.BinarySearch(want, from)
			var got []string
			for e := range x.from(from) {
				got = append(got, e.key)
				if e.v != model[e.key] {
					t.Fatalf("from(%q): another version of %q", from, e.key)
				}
			}
			if diff := cmp.Diff(want[at:], got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("from(%q) (-want +got):\n%s", from, diff)
			}
		}
		for i, c := range x.chunks {
			if len(c) == 0 || len(c) > chunkSize {
				t.Fatalf("chunk %d of %d holds %d entries", i, len(x.chunks), len(c))
			}
		}
	}
	for phase, deletes := range []int{1, 5, 9, 10} { // of ten: grow, stay, shrink, empty
		for range 20_000 {
			key := strconv.Itoa(r.IntN(6000))
			if r.IntN(10) < deletes {
				x.remove(key)
				delete(model, key)
			} else {
				v := new(version)
				x.set(key, v)
				model[key] = v
			}
			if probe := strconv.Itoa(r.IntN(6000)); x.get(probe) != model[probe] {
				t.Fatalf("phase %d: get(%q) is another", phase, probe)
			}
		}
		check()
	}
}
