package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// goal is a promise about one row, for this library with its defaults.
type goal struct {
	row     string
	column  column   // the figure of us
	against []string // subjects whose best figure it is compared with; nil: the floor
	times   float64  // want at least this many times as much, or at most if lower is better
	limit   float64  // instead of times: want at most this
	byKnee  bool     // of times: of the knee of the row, at most
	most    bool     // of times: want at most

	// capped goals hold from 0.95 of the floor's figure on, whatever the peers have.
	capped bool
}

// capKnee is the number of connections that a link of 50 MB/s has with 25 MB/s for each.
const capKnee = 2

var goals = slices.Concat(
	[]goal{
		{row: "down128", column: rate, times: 0.9},
		{row: "down128file", column: rate, times: 0.9},
		{row: "down1g", column: rate, times: 0.95},
		{row: "down1gfile", column: rate, times: 0.95},
		{row: "up128", column: rate, times: 0.9},
		{row: "up128stream", column: rate, times: 0.9},
		{row: "up1g", column: rate, times: 0.95},
		{row: "up1gstream", column: rate, times: 0.95},
	},
	beats([]string{"down128", "down128file"}, map[string]float64{
		"boto3": 2, "awscrt": 2.5, "gocdk": 14,
	}),
	beats([]string{"down1g", "down1gfile"}, map[string]float64{"awscrt": 1.7, "boto3": 2.5}),
	beats([]string{"up128", "up128stream"}, map[string]float64{
		"awscrt": 1.2, "boto3": 2.5, "gocdk": 3.5,
	}),
	beats([]string{"up1g", "up1gstream"}, map[string]float64{"awscrt": 1.1, "boto3": 2.5}),
	beats([]string{"down128gcs", "up128gcs"}, map[string]float64{"gcs": 1}),
	beats([]string{"down128azure", "up128azure"}, map[string]float64{"azblob": 1}),
	limits(peakRSS, 160,
		"down1g", "down1gfile", "up128", "up128stream", "up1g", "up1gstream"),
	[]goal{
		{row: "cap512", column: share, times: 0.95},
		{row: "cap512up", column: share, times: 0.95},
		{row: "cap512", column: late, limit: capKnee + 4},
		{row: "cap512up", column: late, limit: capKnee + 4},
		{row: "loopdown", column: cpu, times: 1.05, most: true},
		{row: "loopup", column: cpu, times: 1.05, most: true},
		{row: "loopup", column: cpu, times: 0.6, most: true, against: upFiles[1:]},
		{row: "loopupstream", column: cpu, times: 1.05, most: true},
		{row: "loopupstream", column: cpu, times: 0.6, most: true, against: ups[1:]},
	},
	limits(peakRSS, 400, "many64down", "many64up", "many64"),
	limits(spread, 2, "many64down", "many64up", "many64"),
	knees(2, "many64down", "many64up", "many64"),
	smallGoals("small", map[string]float64{"read": 140, "write": 130, "stat": 110, "delete": 110}),
	beyond([]string{"smallread", "smallwrite", "smallstat", "smalldelete"}, "aws", "minio"),
	beyond([]string{"gcsread", "gcswrite", "gcsstat", "gcsdelete"}, "gcs:raw"),
	beyond([]string{"gcsread", "gcswrite", "gcsstat", "gcsdelete"}, "gcs"),
	beyond([]string{"azureread", "azurewrite", "azurestat", "azuredelete"}, "azblob"),
	limits(allocOp, 150, "gcswrite"),
	[]goal{
		{row: "tail", column: p99, times: 0.2, most: true, against: []string{"us:NoHedging"}},
		{row: "refused", column: requests, limit: 2200}, // 5 in 100 more, and 5 in 100 hedges
		{row: "zip", column: requests, limit: 4},
		{row: "parquet", column: requests, limit: 8},
		{row: "arrow", column: requests, limit: 6},
	},
	limits(requests, 45, "deletemany"),
	lists("list", "listuuid", "listdates", "listdeep", "listskew"),
	[]goal{
		{row: "filewrite", column: opRate, times: 0.9},
		{row: "fileread", column: usual, times: 1.5, most: true},
		{row: "memstat", column: micros, limit: 0.3},
		{row: "memstat", column: allocOp, limit: 2},
		{row: "memlist", column: millis, limit: 5},
	},
)

func beats(rows []string, peers map[string]float64) []goal {
	var out []goal
	for _, r := range rows {
		for _, p := range slices.Sorted(maps.Keys(peers)) {
			out = append(out, goal{
				row: r, column: rate, against: []string{p}, times: peers[p], capped: true,
			})
		}
	}
	return out
}

func limits(c column, limit float64, rows ...string) []goal {
	var out []goal
	for _, r := range rows {
		out = append(out, goal{row: r, column: c, limit: limit})
	}
	return out
}

// knees wants no more connections at a time than so many times the knee of the row.
func knees(times float64, rows ...string) []goal {
	var out []goal
	for _, r := range rows {
		out = append(out, goal{row: r, column: open, times: times, byKnee: true, most: true})
	}
	return out
}

func smallGoals(prefix string, allocs map[string]float64) []goal {
	var out []goal
	for _, op := range slices.Sorted(maps.Keys(allocs)) {
		out = append(out,
			goal{row: prefix + op, column: usual, times: 1.15, most: true},
			goal{row: prefix + op, column: allocOp, limit: allocs[op]})
	}
	return out
}

// beyond wants no more time and no more allocations than any of the peers.
func beyond(rows []string, peers ...string) []goal {
	var out []goal
	for _, r := range rows {
		for _, c := range []column{usual, allocOp} {
			out = append(out, goal{row: r, column: c, against: peers, times: 1, most: true})
		}
	}
	return out
}

// lists has the goal of the rows of lists, against one page after the other.
func lists(rows ...string) []goal {
	var out []goal
	for _, r := range rows {
		out = append(out, goal{row: r, column: opRate, against: []string{"us:list=1"}, times: 6})
	}
	return out
}

// judged is a goal with what was measured.
type judged struct {
	goal
	got, want float64 // negative: not known
	measured  bool    // both are known
	failed    int     // runs of us, which then meets no goal of the row
	met       bool
}

// judge looks at all goals; section returns what was measured of a row, or nil.
func judge(section func(row string) *section) []judged {
	var out []judged
	for _, g := range goals {
		j := judged{goal: g, got: -1, want: -1}
		if s := section(g.row); s != nil {
			j.got, j.want = g.figures(s)
			j.failed = s.failed("us")
		}
		j.measured = j.got >= 0 && j.want >= 0
		j.met = j.measured && j.got >= j.want
		if g.limit != 0 || g.most {
			j.met = j.measured && j.got <= j.want
		}
		j.met = j.met && j.failed == 0
		out = append(out, j)
	}
	return out
}

// figures are what a section has of a goal. What it does not have is negative.
func (g goal) figures(s *section) (got, want float64) {
	got, _ = s.figure("us", g.column)
	floor, _ := s.floor()
	switch {
	case g.limit != 0:
		return got, g.limit
	case g.column.head == share.head:
		return got, g.times // of the cap, and not of the floor
	case g.byKnee:
		return got, g.times * s.knee()
	case g.against == nil:
		want, _ = s.figure(floor, g.column)
		return got, g.times * want
	}
	best := -1.0
	for _, peer := range g.against {
		if v, ok := s.figure(peer, g.column); ok && (best < 0 || g.most == (v < best)) {
			best = v
		}
	}
	want = g.times * best
	if v, ok := s.figure(floor, g.column); ok && g.capped {
		want = min(want, 0.95*v)
	}
	return got, want
}

// text is the goal in words.
func (g goal) text() string {
	name := g.column.head
	switch {
	case g.limit != 0:
		return fmt.Sprintf("%s ≤ %g", name, g.limit)
	case g.column.head == share.head:
		return fmt.Sprintf("%s ≥ %g", name, g.times)
	case g.byKnee:
		return fmt.Sprintf("%s ≤ %g × the knee", name, g.times)
	}
	than, sign := "the floor", "≥"
	switch len(g.against) {
	case 0:
	case 1:
		than = g.against[0]
	default:
		than = "the best peer"
	}
	if g.most {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s %g × %s", name, sign, g.times, than)
}

func (j judged) cells() []string {
	met := "not met"
	switch {
	case j.failed > 0:
		met = fmt.Sprintf("not met: runs failed: %d", j.failed)
	case !j.measured:
		met = "not measured"
	case j.met:
		met = "met"
	}
	return []string{j.row, j.text(), j.column.text(j.want), j.column.text(j.got), met}
}

// printGoals writes the goals that were measured, and those that us failed at.
func printGoals(w io.Writer, all []judged) {
	all = slices.DeleteFunc(all, func(j judged) bool { return !j.measured && j.failed == 0 })
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\ngoals, defaults only:")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, j := range all {
		c := j.cells()
		fmt.Fprintf(tw, "%s\t%s\twant %s\tgot %s\t%s\n", c[0], c[1], c[2], c[3], c[4])
	}
	tw.Flush()
}
