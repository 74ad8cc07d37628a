package main

import (
	"slices"
	"strings"
	"testing"
)

// Every row tells what a subject cost: CPU, memory, allocations, and requests and connections where
// there are any. What nobody can count, its note says.
func TestRowsCosts(t *testing.T) {
	has := func(r row, columns ...column) bool {
		return slices.ContainsFunc(columns, func(c column) bool {
			return slices.ContainsFunc(r.kind.columns, func(o column) bool {
				return o.head == c.head
			})
		})
	}
	all := &place{server: new(process), gcs: new(process)}
	for _, r := range rows {
		for what, ok := range map[string]bool{
			"CPU":         has(r, cpu, cpuOp, cpuMillis),
			"memory":      has(r, peakRSS),
			"allocations": has(r, allocs, allocOp),
		} {
			if !ok {
				t.Errorf("%s has no column for %s", r.name, what)
			}
		}
		if r.way == disk || r.way == inMemory {
			continue // no service
		}
		if !has(r, requests) || !has(r, conns, open) {
			t.Errorf("%s has no columns for requests and connections", r.name)
		}
		if counted := all.counter(r.way) != nil; counted == strings.Contains(r.note, "not tell") {
			t.Errorf("%s: requests are counted: %v, and its note is %q", r.name, counted, r.note)
		}
	}
}

// A row that reads says what this library verifies, and no other row does.
func TestRowsVerify(t *testing.T) {
	reads := []string{
		"get", "getfile", "getmany", "bothmany", "read", "zip", "parquet", "arrow",
	}
	d := new(document)
	for _, r := range rows {
		if want := slices.Contains(reads, r.op); (r.verifies != "") != want {
			t.Errorf("%s, whose operation is %s: us verifies %q", r.name, r.op, r.verifies)
		}
		s := measured(t, r.name, "abc", nil)
		d.put(s)
	}
	parts := sectionsOf(d.markdown())
	for _, r := range rows {
		text := strings.Join(strings.Fields(parts[r.title]), " ")
		if r.verifies != "" && !strings.Contains(text, "us verifies "+string(r.verifies)+".") {
			t.Errorf("the section of %s does not say what us verifies: %s", r.name, text)
		}
	}
}
