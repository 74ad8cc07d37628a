package faultplan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// report is that of a run as the table has it, all cells of which have met their faults.
func report(on string) *conformance.FaultReport {
	r := new(conformance.FaultReport)
	for path, ops := range planned(on) {
		for _, op := range ops {
			for i := range faults[on] {
				r.Cells = append(r.Cells, conformance.FaultCell{
					Fault: fmt.Sprint(i), Op: op, Path: path, Met: 1,
				})
			}
		}
	}
	return r
}

// Each difference from the table is found, and a run as the table has it is in order.
func TestCheck(t *testing.T) {
	for on := range faults {
		if problems := check(on, report(on)); len(problems) > 0 || len(planned(on)) < 30 {
			t.Errorf("%s: %d paths, %q", on, len(planned(on)), problems)
		}
	}
	for _, test := range []struct {
		name, want string
		change     func(r *conformance.FaultReport)
	}{
		{"a path loses an operation", "reader-at on MinIO: the requests are [Stat], want [Stat Get]",
			func(r *conformance.FaultReport) {
				r.Cells = slices.DeleteFunc(r.Cells, func(c conformance.FaultCell) bool {
					return c.Path == "reader-at" && c.Op == "Get"
				})
			}},
		{"a path is gone", "stat on MinIO: the requests are [], want [Stat]",
			func(r *conformance.FaultReport) {
				r.Cells = slices.DeleteFunc(r.Cells, func(c conformance.FaultCell) bool {
					return c.Path == "stat"
				})
			}},
		{"a path is new", "new on MinIO is not in the table: [Get]",
			func(r *conformance.FaultReport) {
				r.Cells = append(r.Cells, conformance.FaultCell{Op: "Get", Path: "new", Met: 1})
			}},
		{"a cell is missing", "cells met their fault on MinIO, want 50 faults x",
			func(r *conformance.FaultReport) { r.Cells = r.Cells[1:] }},
		{"a fault is not met", "did not meet it",
			func(r *conformance.FaultReport) { r.Cells[0].Met = 0 }},
	} {
		r := report("MinIO")
		test.change(r)
		if text := strings.Join(check("MinIO", r), "\n"); !strings.Contains(text, test.want) {
			t.Errorf("%s: %q, want %q", test.name, text, test.want)
		}
	}
	// What is excluded or left out need not be met.
	r := report("MinIO")
	r.Cells[0].Met, r.Cells[0].Excluded = 0, "a reason"
	r.Cells[1].Met, r.Cells[1].Left = 0, true
	if problems := check("MinIO", r); len(problems) > 0 {
		t.Errorf("excluded and left out: %q", problems)
	}
}
