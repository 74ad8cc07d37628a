package main

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// table has the samples of a row while it runs.
type table struct {
	row     row
	names   []string
	samples map[string][]sample
}

func newTable(r row) *table { return &table{row: r, samples: make(map[string][]sample)} }

func (t *table) add(name string, s sample) {
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	t.samples[name] = append(t.samples[name], s)
}

// contenders is how many floors are measured again after the first round.
const contenders = 3

// worth tells whether a floor is among the best of the first round.
func (t *table) worth(name string) bool {
	first := func(f string) float64 { return t.samples[f][0].Seconds }
	var floors []string
	for _, f := range t.row.floors {
		if len(t.samples[f]) > 0 {
			floors = append(floors, f)
		}
	}
	slices.SortFunc(floors, func(a, b string) int { return cmp.Compare(first(a), first(b)) })
	return slices.Contains(floors[:min(contenders, len(floors))], name)
}

// brief is a sample in one line.
func (t *table) brief(s sample) string {
	if s.Err != "" {
		return s.Err
	}
	var out []string
	for _, c := range t.row.kind.columns {
		out = append(out, c.text(c.value(s))+" "+c.head)
	}
	return strings.Join(out, ", ")
}

// section is what remains of the table.
func (t *table) section() *section {
	s := &section{Row: t.row.name, row: t.row}
	for _, name := range t.names {
		r := result{Name: name, Runs: len(t.samples[name]), Medians: make(map[string]float64)}
		for _, one := range t.samples[name] {
			if one.Err != "" {
				r.Failed++
				r.Why = cmp.Or(r.Why, strings.Join(strings.Fields(one.Err), " "))
			}
		}
		r.Why = r.Why[:min(len(r.Why), 300)]
		for _, c := range t.row.kind.columns {
			if v, ok := t.median(name, c); ok {
				r.Medians[c.head] = v
			}
		}
		s.Results = append(s.Results, r)
	}
	return s
}

// median takes the middle of a figure of the runs that succeeded, with the six digits that are
// kept; ok is false if none did, or if the figure is unknown.
func (t *table) median(name string, c column) (v float64, ok bool) {
	var all []float64
	for _, s := range t.samples[name] {
		if s.Err == "" {
			all = append(all, c.value(s))
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	v = all[len(all)/2]
	if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	v, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	return v, err == nil
}
