package allocs

import "testing"

var kept *int

func TestLeast(t *testing.T) {
	other := make([]int, 100)
	tries := 0
	n := Least(1, func() {
		for range 3 {
			kept = new(int)
		}
		if tries++; tries < 5 { // the first two tries, each with a call that does not count
			other = append([]int(nil), other...)
		}
	})
	if n != 3 {
		t.Errorf("%v allocations, want 3", n)
	}
}
