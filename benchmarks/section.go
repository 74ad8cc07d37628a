package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// section is what one run measured of a row. Its figures are compared with one another only.
type section struct {
	Row     string   `json:"row"`
	Origin  origin   `json:"origin"`
	Seconds float64  `json:"seconds"` // that the row took, with what it prepared
	Results []result `json:"results"`

	row row // that of the name
}

// result is what a run measured of a subject.
type result struct {
	Name    string             `json:"name"`
	Runs    int                `json:"runs"`
	Failed  int                `json:"failed,omitempty"`
	Why     string             `json:"why,omitempty"` // the first run failed
	Medians map[string]float64 `json:"medians"`       // by the heads of the columns that are known
}

// figure is a median of a subject; ok is false where it is unknown.
func (s *section) figure(name string, c column) (v float64, ok bool) {
	i := slices.IndexFunc(s.Results, func(r result) bool { return r.Name == name })
	if i < 0 {
		return -1, false
	}
	if v, ok = s.Results[i].Medians[c.head]; !ok {
		return -1, false
	}
	return v, true
}

// compared is the column by which the row is compared.
func (s *section) compared() column { return s.row.kind.columns[0] }

// floor is the one that counts: the best.
func (s *section) floor() (name string, value float64) {
	for _, f := range s.row.floors {
		v, ok := s.figure(f, s.compared())
		if ok && (name == "" || s.row.kind.lower == (v < value)) {
			name, value = f, v
		}
	}
	return name, value
}

// knee is the number of connections beyond which the link of a row carries no more: that of the
// floor with the fewest that reaches 0.95 of the best one. It is unknown, and negative, where there
// are not two floors to compare.
func (s *section) knee() float64 {
	_, best := s.floor()
	knee, measured := -1.0, 0
	for _, f := range s.row.floors {
		conns, _, ok := floorSize(f)
		v, known := s.figure(f, s.compared())
		if !ok || !known {
			continue
		}
		measured++
		if c := float64(conns); v >= 0.95*best && (knee < 0 || c < knee) {
			knee = c
		}
	}
	if measured < 2 {
		return -1
	}
	return knee
}

// floorSize is how many connections a floor has, and the MiB of its parts.
func floorSize(name string) (conns, part int, ok bool) {
	_, err := fmt.Sscanf(name, "floor:%dx%d", &conns, &part)
	return conns, part, err == nil
}

// failed is how many runs of a subject failed.
func (s *section) failed(name string) int {
	for _, r := range s.Results {
		if r.Name == name {
			return r.Failed
		}
	}
	return 0
}

// cells are the head and the lines of the table: the name, the columns, the share of the floor, and
// how many times as fast as the subject this library is.
func (s *section) cells() [][]string {
	head := []string{""}
	for i, c := range s.row.kind.columns {
		head = append(head, c.head)
		if i == 0 {
			head = append(head, "× floor", "us ×")
		}
	}
	lines := [][]string{head}
	best, floor := s.floor()
	us, measured := s.figure("us", s.compared())
	for _, r := range s.Results {
		line := []string{r.Name}
		if r.Name == best {
			line[0] += " *"
		}
		if r.Failed == r.Runs {
			lines = append(lines, append(line, "failed"))
			continue
		}
		v, ok := s.figure(r.Name, s.compared())
		line = append(line, s.compared().text(v), ratio(v, floor, ok && best != ""))
		ok = ok && measured && r.Name != "us"
		if s.row.kind.lower {
			line = append(line, ratio(v, us, ok))
		} else {
			line = append(line, ratio(us, v, ok))
		}
		for _, c := range s.row.kind.columns[1:] {
			v, _ := s.figure(r.Name, c)
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

// failures are the subjects with runs that failed, and why the first one did.
func (s *section) failures() []string {
	var out []string
	for _, r := range s.Results {
		if r.Failed > 0 {
			out = append(out, fmt.Sprintf("%s: %d of %d runs failed: %s",
				r.Name, r.Failed, r.Runs, r.Why))
		}
	}
	return out
}

// print writes the section for people who wait for it.
func (s *section) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", s.row.name, s.row.title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range s.cells() {
		fmt.Fprintln(tw, strings.Join(line, "\t")+"\t")
	}
	tw.Flush()
	for _, f := range s.failures() {
		fmt.Fprintln(w, f)
	}
}
