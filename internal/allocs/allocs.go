// Package allocs counts allocations on machines that do other things, too.
package allocs

import "testing"

// Least is the least that testing.AllocsPerRun counts in some tries. What runs beside f counts as
// well: a server that still ends, or a collection that empties the pools.
func Least(runs int, f func()) float64 {
	least := testing.AllocsPerRun(runs, f)
	for range 4 {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}
