package file

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entries are the orders of an index with their kinds.
func entries(x *index) (all []string) {
	for i := range x.len() {
		all = append(all, fmt.Sprintf("%s %d", x.order(i), x.kind(i)))
	}
	return all
}

// An index has what a sorted set of the same names has, however it was cut and added to.
func TestIndex(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	name := func() string {
		n := strings.Repeat(string("aé-.!"[rng.IntN(2)]), rng.IntN(3)) + fmt.Sprint(rng.IntN(60))
		if rng.IntN(4) == 0 {
			n += mark
		}
		return n
	}
	for range 2000 {
		size := 1 + rng.IntN(400)
		start := ""
		if rng.IntN(2) == 0 {
			start = name()
		}
		x := new(index)
		all := make(map[string]byte)
		insert := func(to *index, n int) {
			for range n {
				name, typ := name(), fs.FileMode(0)
				if rng.IntN(3) == 0 {
					typ = fs.ModeDir
				}
				one := new(index)
				one.add(name, typ)
				for i := range one.len() {
					// By order first, as the index has them.
					all[fmt.Sprintf("%s\x00%d", one.order(i), one.kind(i))] = 0
				}
				if to.add(name, typ); to == x && x.size() >= 2*size {
					x.cut(start, size)
				}
			}
		}
		insert(x, rng.IntN(100))
		if x.size() > size {
			x.cut(start, size)
		} else {
			x.sort()
		}
		if x.size() > 2*size+100 {
			t.Fatalf("seed %d: an index of %d bytes, want %d", seed, x.size(), size)
		}
		for range rng.IntN(4) {
			before := entries(x)
			added := new(index)
			insert(added, rng.IntN(5))
			y := x.with(added)
			if diff := cmp.Diff(before, entries(x)); diff != "" {
				t.Fatalf("seed %d: the index that was added to (-want +got):\n%s", seed, diff)
			}
			x = y
		}
		var want []string
		for _, e := range slices.Sorted(maps.Keys(all)) {
			order, kind, _ := strings.Cut(e, "\x00")
			if x.covers(order) {
				want = append(want, order+" "+kind)
			}
		}
		if diff := cmp.Diff(want, entries(x)); diff != "" {
			t.Fatalf("seed %d, from %q to %q (-want +got):\n%s", seed, x.from, x.bound, diff)
		}
		if start >= x.from && !x.more && !x.covers(start) || x.more && len(want) == 0 {
			t.Fatalf("seed %d: %q to %q with %d entries gets no list further",
				seed, x.from, x.bound, len(want))
		}
	}
}
