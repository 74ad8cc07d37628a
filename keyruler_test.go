package storage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever the keys look like, a guess is a key, and sorts behind the key that it begins at.
func TestRulerRandom(t *testing.T) {
	pieces := []string{"", "/", "-", "0", "1", "7", "12", "31", "2024", "99", "a", "z", "Z", "é",
		"\x01", "\xff", "日"}
	guesses := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		some := pieces
		if seed%3 > 0 { // of few pieces, many keys of one shape
			some = []string{pieces[rng.IntN(len(pieces))], pieces[rng.IntN(len(pieces))], "3"}
		}
		var m keyModel
		if seed%7 == 0 {
			m.places = manyPlaces - rng.IntN(20)
		}
		for range 1 + rng.IntN(3) {
			keys := make([]string, 2+rng.IntN(50))
			for i := range keys {
				for range 1 + rng.IntN(9) {
					keys[i] += some[rng.IntN(len(some))]
				}
			}
			slices.Sort(keys)
			var objects []*Object
			for _, key := range slices.Compact(keys) {
				objects = append(objects, &Object{Key: key})
			}
			m.learn(objects)
			m.skip(keys[rng.IntN(len(keys))], keys[rng.IntN(len(keys))])
			first, last := objects[0].Key, objects[len(objects)-1].Key
			for _, loose := range []bool{false, true} {
				r, ok := m.ruler(stretch{first, last, len(objects) - 1}, loose)
				if !ok {
					continue
				}
				for _, from := range []string{first, last, keys[rng.IntN(len(keys))], "x"} {
					got := r.after(from, rng.Float64()*100)
					if got == "" {
						continue
					}
					guesses++
					valid := utf8.ValidString(got) || !utf8.ValidString(strings.Join(keys, ""))
					if got <= from || !valid {
						t.Fatalf("seed %d: a guess behind %q is %q", seed, from, got)
					}
				}
			}
		}
	}
	if guesses < 2000 {
		t.Errorf("%d guesses", guesses)
	}
}
