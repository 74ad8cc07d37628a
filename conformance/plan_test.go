package conformance

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite costs.go from what the checks need now")

// racing are the checks whose requests depend on who comes first, or on the seed.
var racing = map[string]bool{
	"write/atomic": true, "condition/cas-counter": true, "bucket/update": true,
	"bucket/random": true, "metadata/random": true,
	// A hedge that is spent on another Get is waited for.
	"engine/hedged": true,
	// Pages that are asked for at once.
	"bucket/list-error": true, "bucket/list-ahead": true,
}

// TestPlan holds costs.go against what the checks need on the reference driver.
func TestPlan(t *testing.T) {
	var brief, full *Report
	for _, run := range []struct {
		report **Report
		full   bool
	}{{&brief, false}, {&full, true}} {
		b := newBench(t, "sign/")
		o := b.options()
		o.Full = run.full
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		*run.report = r
		_, planned, err := Plan(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("full %v: %d requests planned, %d made", run.full, planned, r.Requests)
	}
	measured := make(map[string]cost)
	for i, r := range full.Results {
		measured[r.Check] = cost{
			brief: find(brief, r.Check).Requests,
			full:  full.Results[i].Requests,
		}
	}
	// Reads cost more on a machine whose memory answers slowly enough to be taken for a service:
	// ranges are read ahead then. So an update under load is the one to keep.
	if *update {
		writeCosts(t, full, measured)
		return
	}
	for name, m := range measured {
		if c := costs[name]; (m.brief > c.brief || m.full > c.full) && !racing[name] {
			t.Errorf("%s made %+v requests, costs.go has %+v: run this test with -update", name,
				m, c)
		}
	}
	for name := range costs {
		if _, ok := measured[name]; !ok {
			t.Errorf("costs.go has a check %s, which there is not: run this test with -update",
				name)
		}
	}
}

func find(r *Report, name string) Result {
	for _, res := range r.Results {
		if res.Check == name {
			return res
		}
	}
	return Result{}
}

func writeCosts(t *testing.T, r *Report, measured map[string]cost) {
	var s bytes.Buffer
	fmt.Fprintf(&s,
		"package conformance\n\n// costs are written by TestPlan with -update.\nvar costs = "+
			"map[string]cost{\n")
	for _, res := range r.Results {
		room := func(n int64) int64 { return n + n/4 + 2 }
		if racing[res.Check] {
			room = func(n int64) int64 { return 2 * n }
		}
		m := measured[res.Check]
		fmt.Fprintf(&s, "%q: {%d, %d},\n", res.Check, room(m.brief), room(m.full))
	}
	s.WriteString("}\n")
	src, err := format.Source(s.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("costs.go", src, 0o644); err != nil {
		t.Fatal(err)
	}
}
