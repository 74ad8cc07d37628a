package counted

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// What is counted apart.
const (
	writesOnly    = "conditional writes"
	besideDeletes = "conditional writes beside deletes"
	deletesOnly   = "conditional deletes"
)

// The goals: which share of calls may be unknown, by the number of writers, and how many requests
// more a call may cost whose first request did it. One more is the look. What is above that by less
// than slack are looks that were made again.
var shares = map[int]float64{3: 0.01, 8: 0.04}

const (
	extraGoal = 1
	slack     = 0.05
)

// enough is how many calls say something of a share. The object that all writers replace is made
// once in each run, without an ID: as many of the first writes upon it can be unknown as there are
// other writers.
var enough = map[string]int{writesOnly: 400, besideDeletes: 20, deletesOnly: 20}

// goal is what a row of the table has to meet.
type goal struct {
	on, what, trouble string
	writers           int
}

// An exemption is a goal that is not met, and why. It is checked, too: one that is not needed any
// more is a failure.
type exemption struct {
	on, what, trouble string // empty: any
	most              float64
	why               string
}

func (e *exemption) is(g *goal) bool {
	return (e.on == "" || e.on == g.on) && (e.what == "" || e.what == g.what) &&
		(e.trouble == "" || e.trouble == g.trouble)
}

var (
	unknownExempt = []exemption{
		{"", deletesOnly, "lost", 1,
			"of a Delete that happened nothing is left that tells, and all but one come too late"},
		{"", besideDeletes, "lost", 1,
			"they are upon objects that are deleted, which is against an assumption of rule 11"},
	}
	extraExempt = []exemption{
		{"versitygw", "", "", 2.5,
			"a Stat there asks until two answers in a row agree: see defects.HeadOfTwoVersions"},
	}
)

// share is how many of the calls were unknown, from 0 to 1.
func (c *counts) share() float64 {
	_, unknown := list(c.unknown)
	_, more := list(c.decidable)
	return float64(unknown+more) / float64(max(c.total, 1))
}

// extra is how many requests more than one a call cost whose first request did it.
func (c *counts) extra() float64 {
	return float64(c.requests)/float64(max(c.settled, 1)) - 1
}

// missed says where c does not meet its goals, or needs no exemption.
func (g *goal) missed(c *counts) (texts []string) {
	held := func(what string, value, most float64, exempt []exemption) {
		i := slices.IndexFunc(exempt, func(e exemption) bool { return e.is(g) })
		switch {
		case i < 0 && value > most:
			texts = append(texts, fmt.Sprintf("%s: %.3f, want at most %.3f", what, value, most))
		case i >= 0 && value <= most:
			texts = append(texts, fmt.Sprintf("%s: %.3f, which needs no exemption because %q", what,
				value, exempt[i].why))
		case i >= 0 && value > exempt[i].most:
			texts = append(texts, fmt.Sprintf("%s: %.3f, want at most %.3f, although %s", what,
				value, exempt[i].most, exempt[i].why))
		}
	}
	most, ok := shares[g.writers]
	if !ok {
		texts = append(texts, fmt.Sprintf("no goal for %d writers", g.writers))
	}
	if c.total >= enough[g.what] {
		held("share of the unknown", c.share(), most, unknownExempt)
	}
	if c.settled > 0 {
		held("further requests of a call", c.extra(), extraGoal+slack, extraExempt)
	}
	return texts
}

// What misses a goal is said, and so is an exemption that nothing needs.
func TestGoals(t *testing.T) {
	write := goal{"MinIO", writesOnly, "lost", 3}
	for _, test := range []struct {
		name     string
		g        goal
		unknown  int // of 1,000
		requests int // of 100 calls
		want     string
	}{
		{"met", write, 10, 200, ""},
		{"too many are unknown", write, 11, 200, "share of the unknown: 0.011, want at most 0.010"},
		{"more writers, more of them", goal{"MinIO", writesOnly, "lost", 8}, 40, 200, ""},
		{"and too many", goal{"MinIO", writesOnly, "lost", 8}, 41, 200, "share of the unknown"},
		{"looks that were made again", write, 0, 205, ""},
		{"two looks", write, 0, 300, "further requests of a call: 2.000, want at most 1.050"},
		{"two looks where it takes two", goal{"versitygw", writesOnly, "lost", 3}, 0, 310, ""},
		{"more than it takes", goal{"versitygw", writesOnly, "lost", 3}, 0, 360, "although"},
		{"one where it took two", goal{"versitygw", writesOnly, "lost", 3}, 0, 200, "no exemption"},
		{"lost Deletes", goal{"Azurite", deletesOnly, "lost", 3}, 980, 0, ""},
		{"lost Deletes that are known", goal{"Azurite", deletesOnly, "lost", 3}, 10, 0,
			"no exemption"},
		{"lost writes beside Deletes", goal{"Azurite", besideDeletes, "lost", 3}, 700, 200, ""},
		{"doubled Deletes", goal{"Azurite", deletesOnly, "doubled", 3}, 20, 0, "share"},
		{"writers without a goal", goal{"MinIO", writesOnly, "lost", 5}, 0, 200, "no goal"},
	} {
		c := &counts{
			total: 1000, unknown: map[string]int{pushed: test.unknown},
			settled: 100, requests: test.requests,
		}
		if test.requests == 0 {
			c.settled = 0
		}
		got := strings.Join(test.g.missed(c), "; ")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		few := *c
		few.total, few.settled = enough[test.g.what]-1, 0
		if got := test.g.missed(&few); len(got) > 0 && test.g.writers != 5 {
			t.Errorf("%s: of few: %q", test.name, got)
		}
		if math.IsNaN((&counts{}).extra() + (&counts{}).share()) {
			t.Error("no calls have no share")
		}
	}
}
