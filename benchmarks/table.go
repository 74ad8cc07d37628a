package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// table has the samples of a row.
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

// median takes the middle of a figure of the runs that succeeded; ok is false if none did.
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
	return all[len(all)/2], true
}

// compared is the column by which the row is compared.
func (t *table) compared() column { return t.row.kind.columns[0] }

// floor is the one that counts: the best.
func (t *table) floor() (name string, value float64) {
	for _, f := range t.row.floors {
		v, ok := t.median(f, t.compared())
		if ok && (name == "" || t.row.kind.lower == (v < value)) {
			name, value = f, v
		}
	}
	return name, value
}

// cells are the head and the lines of the table: the name, the columns, the share of the floor, and
// how many times as fast as the subject this library is.
func (t *table) cells() [][]string {
	head := []string{""}
	for i, c := range t.row.kind.columns {
		head = append(head, c.head)
		if i == 0 {
			head = append(head, "× floor", "us ×")
		}
	}
	lines := [][]string{head}
	best, floor := t.floor()
	us, measured := t.median("us", t.compared())
	for _, name := range t.names {
		line := []string{name}
		if name == best {
			line[0] += " *"
		}
		v, ok := t.median(name, t.compared())
		if !ok {
			lines = append(lines, append(line, "failed"))
			continue
		}
		line = append(line, t.compared().text(v), ratio(v, floor, best != ""))
		if t.row.kind.lower {
			line = append(line, ratio(v, us, measured && name != "us"))
		} else {
			line = append(line, ratio(us, v, measured && name != "us"))
		}
		for _, c := range t.row.kind.columns[1:] {
			v, _ := t.median(name, c)
			line = append(line, c.text(v))
		}
		lines = append(lines, line)
	}
	return lines
}

func ratio(a, b float64, ok bool) string {
	if !ok || b <= 0 || a < 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
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

// failures are the subjects with runs that failed, and why the first one did.
func (t *table) failures() []string {
	var out []string
	for _, name := range t.names {
		n, why := 0, ""
		for _, s := range t.samples[name] {
			if s.Err != "" {
				n, why = n+1, cmp.Or(why, s.Err)
			}
		}
		if n > 0 {
			why = strings.Join(strings.Fields(why), " ")
			out = append(out, fmt.Sprintf("%s: %d of %d runs failed: %.300s",
				name, n, len(t.samples[name]), why))
		}
	}
	return out
}

// print writes the table for people who wait for it.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", t.row.name, t.row.title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range t.cells() {
		fmt.Fprintln(tw, strings.Join(line, "\t")+"\t")
	}
	tw.Flush()
	for _, f := range t.failures() {
		fmt.Fprintln(w, f)
	}
}
