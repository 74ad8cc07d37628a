// Package faultplan holds the matrix of conformance.TestFaults against a table that was written
// down apart from it: which operations each path has on each service. A path that loses an
// operation, and with it a row of cells, is noticed.
package faultplan

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage/conformance"
)

// table has a line for a path: its name, the services that have it, or all, and the operations of
// its requests. Several lines are of one path where services differ.
//
//go:embed table.txt
var table string

// faults are how many each service has: S3 has an answer of its own.
var faults = map[string]int{
	"httpstore": 49, "gcsfake": 49, "MinIO": 50, "versitygw": 50, "Azurite": 49,
}

// Check fails the test where a report on a service has other operations than the table, or other
// cells than faults x operations x paths, or where a cell that was run did not meet its fault.
func Check(tb testing.TB, on string, r *conformance.FaultReport) {
	tb.Helper()
	for _, problem := range check(on, r) {
		tb.Error(problem)
	}
}

func check(on string, r *conformance.FaultReport) (problems []string) {
	want, got := planned(on), r.Operations()
	pairs := 0
	for path, ops := range want {
		pairs += len(ops)
		if !slices.Equal(got[path], ops) {
			problems = append(problems, fmt.Sprintf("%s on %s: the requests are %v, want %v", path,
				on, got[path], ops))
		}
	}
	for path, ops := range got {
		if _, known := want[path]; !known {
			problems = append(problems, fmt.Sprintf("%s on %s is not in the table: %v", path, on,
				ops))
		}
	}
	excluded, left := 0, 0
	for i := range r.Cells {
		switch c := &r.Cells[i]; {
		case c.Excluded != "":
			excluded++
		case c.Left:
			left++
		case c.Met == 0:
			problems = append(problems, fmt.Sprintf("%s: %s of %s did not meet it", c.Fault, c.Op,
				c.Path))
		}
	}
	if all := faults[on] * pairs; r.Met() != all-excluded-left {
		problems = append(problems, fmt.Sprintf("%d cells met their fault on %s, want %d faults x "+
			"%d operations of paths - %d excluded - %d left out = %d", r.Met(), on, faults[on],
			pairs, excluded, left, all-excluded-left))
	}
	return problems
}

// planned returns the operations of the paths that a service has.
func planned(on string) map[string][]string {
	ops := make(map[string][]string)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] == "#" {
			continue
		}
		services := strings.Split(fields[1], ",")
		if fields[1] == "all" || slices.Contains(services, on) {
			ops[fields[0]] = fields[2:]
		}
	}
	return ops
}
