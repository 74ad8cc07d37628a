package tally

import (
	"fmt"

	"github.com/polystore/storage/conformance"
)

// Faults is the row of a run of conformance.TestFaults. r is nil if the run did not come to an end.
func Faults(on string, r *conformance.FaultReport) Row {
	row := Row{What: "cells of faults, operations and paths", On: on}
	if r == nil {
		row.Lost = 1
		return row
	}
	row.Tried = r.Met()
	left, repeats := 0, 0
	for i := range r.Cells {
		c := &r.Cells[i]
		repeats += c.Repeats
		if c.Left {
			left++
		}
		if c.Err != nil {
			row.Lost++
		}
	}
	part := "all"
	if left > 0 {
		part = "a part"
	}
	row.Note = fmt.Sprintf("%s: %d faults, %d operations of %d paths; %d repeats under a longer "+
		"stall limit", part, r.Faults, r.Pairs, r.Paths, repeats)
	return row
}
