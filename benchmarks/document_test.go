package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polystore/storage/benchmarks/measure"
)

// measured is a section of a row whose subjects have one sample each, of so many bytes a second.
func measured(t *testing.T, name, commit string, rates map[string]int64) *section {
	t.Helper()
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("no row %s", name)
	}
	tab := newTable(rows[i])
	for _, subject := range slices.Concat(rows[i].subjects, rows[i].floors) {
		if v, ok := rates[subject]; ok {
			tab.add(subject, sample{Result: measure.Result{Seconds: 1, Bytes: v * mib}, Conns: -1})
		}
	}
	s := tab.section()
	s.Origin = origin{Date: "2026-01-02", CPU: "a CPU", Cores: 2, Commit: commit, Runs: 3}
	return s
}

// sectionsOf splits a document by its titles.
func sectionsOf(markdown string) map[string]string {
	out := make(map[string]string)
	for _, part := range strings.Split(markdown, "\n## ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		out[title] = body
	}
	return out
}

func title(name string) string {
	return rows[slices.IndexFunc(rows, func(r row) bool { return r.name == name })].title
}

func TestRender(t *testing.T) {
	d := &document{Versions: []string{"a.module v1.2.3"}}
	d.put(measured(t, "down128", "abc1234+", map[string]int64{
		"us": 300, "gocdk": 20, "floor:1x8": 25, "floor:32x4": 320,
	}))
	text := d.markdown()
	parts := sectionsOf(text)
	if want := len(rows) + 1; len(parts) != want {
		t.Errorf("%d sections, want %d", len(parts), want)
	}
	got := parts[title("down128")]
	for _, want := range []string{
		"`ROW=down128`", "2026-01-02", "a CPU, 2 cores", "Commit: abc1234+.", "each subject: 3.",
		"| us | 300.0 | 0.94 | – |", "| gocdk | 20.0 | 0.06 | 15.00 |", "| floor:32x4 * | 320.0 |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the section has no %q:\n%s", want, got)
		}
	}
	for _, want := range []string{
		"| down128 | MiB/s ≥ 0.9 × the floor | 288.0 | 300.0 | met |",
		"| down128 | MiB/s ≥ 14 × gocdk | 280.0 | 300.0 | met |",
		// Its section lacks the peer, or it has none.
		"| down128 | MiB/s ≥ 2 × boto3 | – | 300.0 | not measured |",
		"| up128 | MiB/s ≥ 0.9 × the floor | – | – | not measured |",
	} {
		if !strings.Contains(parts["Goals"], want+"\n") {
			t.Errorf("the goals have no %q:\n%s", want, parts["Goals"])
		}
	}
	if got := parts[title("up128")]; !strings.Contains(got, "Not measured.") {
		t.Errorf("a row without a section: %s", got)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line); n > 101 && !strings.HasPrefix(line, "|") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// A row that is measured again replaces its section, and nothing else.
func TestReplaceRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	write := func(sections ...*section) string {
		t.Helper()
		d, err := load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sections {
			d.put(s)
		}
		if err := d.save(path); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// Not in the order of the rows, into a file that is missing.
	failing := measured(t, "up128", "aaa", map[string]int64{"us": 200, "boto3": 50})
	failing.Results[1].Failed, failing.Results[1].Why = 1, strings.Repeat("a reason ", 20)
	before := write(
		measured(t, "up1g", "aaa", map[string]int64{"us": 250, "floor:32x8": 260}),
		measured(t, "down128", "aaa", map[string]int64{"us": 100, "floor:32x4": 320}),
		failing,
	)
	after := write(measured(t, "down128", "bbb", map[string]int64{"us": 310, "floor:32x4": 320}))
	old, parts := sectionsOf(before), sectionsOf(after)
	for name, body := range parts {
		changed := body != old[name]
		if want := name == "Goals" || name == title("down128"); changed != want {
			t.Errorf("%s: changed %t, want %t:\n%s\n%s", name, changed, want, old[name], body)
		}
	}
	if got := parts["Goals"]; !strings.Contains(got, "| 310.0 | met |") ||
		!strings.Contains(got, "| up1g | MiB/s ≥ 0.95 × the floor | 247.0 | 250.0 | met |") {
		t.Errorf("the goals are not of all sections:\n%s", got)
	}
	last := 0
	for _, r := range rows {
		i := strings.Index(after, "\n## "+r.title+"\n")
		if i < last {
			t.Errorf("%s stands at %d, after %d", r.name, i, last)
		}
		last = i
	}
	d, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range d.Sections {
		names = append(names, s.Row)
	}
	if want := []string{"down128", "up128", "up1g"}; !slices.Equal(names, want) {
		t.Errorf("the data have %v, want %v", names, want)
	}
	if again := d.markdown(); again != after {
		t.Errorf("the data give another document:\n%s\n%s", again, after)
	}
}

// Data that cannot be read are not overwritten.
func TestBrokenData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(dataPath(path), []byte(`{"sections": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bench(t.Context(), []string{"-row", "memstat", "-o", path}); err == nil ||
		!strings.Contains(err.Error(), dataPath(path)) {
		t.Errorf("a run with broken data: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		args string
		out  string
		rows []string // some that are chosen
		not  []string
	}{
		{"-o f.md", "f.md", []string{"down128", "memlist"}, nil},
		{"-o f.md -row down128,up*", "f.md", []string{"down128", "up1g"}, []string{"down1g"}},
		{"-o f.md -quick", "", []string{"down128"}, []string{"down1g"}},
		{"-o f.md -subject us", "", []string{"down1g"}, nil},
		{"-o f.md -quick -row up*", "", []string{"up1g"}, []string{"down128"}},
	} {
		o, err := parse(strings.Fields(tt.args))
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := o.chosen()
		if err != nil {
			t.Fatal(err)
		}
		if o.out != tt.out {
			t.Errorf("%s writes %q, want %q", tt.args, o.out, tt.out)
		}
		for _, r := range chosen {
			tt.rows = slices.DeleteFunc(tt.rows, func(n string) bool { return n == r.name })
			if slices.Contains(tt.not, r.name) {
				t.Errorf("%s has %s", tt.args, r.name)
			}
		}
		if len(tt.rows) > 0 {
			t.Errorf("%s lacks %v", tt.args, tt.rows)
		}
	}
	if _, err := (options{rows: []string{"down128", "dwn*"}}).chosen(); err == nil {
		t.Error("a name that no row has is no error")
	}
}

// A goal is about figures that its row has, and a long row has none of the slowest.
func TestGoalsHaveFigures(t *testing.T) {
	for _, g := range goals {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == g.row })
		if i < 0 {
			t.Errorf("no row %s", g.row)
			continue
		}
		r := rows[i]
		if !slices.ContainsFunc(r.kind.columns, func(c column) bool {
			return c.head == g.column.head
		}) {
			t.Errorf("%s has no column %s", g.row, g.column.head)
		}
		for _, peer := range g.against {
			if !slices.Contains(r.subjects, peer) {
				t.Errorf("%s has no %s", g.row, peer)
			}
		}
	}
	for _, r := range rows {
		if r.size < 512*mib || !r.way.proxied() {
			continue
		}
		for _, name := range slices.Concat(r.subjects, r.floors, r.shown) {
			if oneConn(r.op, name) {
				t.Errorf("%s: %s takes %.0f s a run", r.name, name, r.once(name))
			}
		}
	}
}

func TestExpect(t *testing.T) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == "down1g" })
	d, two := new(document), rows[i:i+2]
	s := measured(t, "down1g", "aaa", nil)
	s.Seconds = 60
	d.put(s)
	want := "expected to take " // 100 s for five runs, and those of the other row
	got := d.expect(two, 5)
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ": 1 rows as long as last time, "+
		"1 as computed") {
		t.Errorf("%s", got)
	}
	if got := d.expect(two[:1], 6); !strings.HasPrefix(got, want+"2 minutes") {
		t.Errorf("%s, want 2 minutes", got)
	}
}
