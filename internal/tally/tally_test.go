package tally

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	t.Setenv(Env, path)
	add(t, Row{What: "kills", On: "file", Tried: 100, Seeds: "1"})
	add(t, Row{What: "histories", On: "memory", Tried: 3, Lost: 1, Note: "2 unknown"})
	add(t, Faults("MinIO", &conformance.FaultReport{Faults: 2, Pairs: 2, Paths: 1,
		Cells: []conformance.FaultCell{
			{Met: 1}, {Met: 2, Repeats: 3}, {}, {Left: true}, {Excluded: "x"},
		}}))
	got := table(t, path)
	want := `| what | on | tried | lost | on the way | seeds |
|---|---|---|---|---|---|
| kills | file | 100 | 0 |  | 1 |
| histories | memory | 3 | 1 | 2 unknown |  |
` + "| cells of faults, operations and paths | MinIO | 2 | 0 | a part: 2 faults, 2 operations of 1 " +
		"paths; 3 repeats under a longer stall limit |  |\n"
	if got != want {
		t.Errorf("Table:\n%swant\n%s", got, want)
	}
	if _, err := Rows("no JSON"); err == nil {
		t.Error("a line that is no JSON was taken")
	}
}

// table is that of the rows in a file.
func table(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Rows(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return Table(rows)
}

// A fake is a test that ends as it likes.
type fake struct {
	testing.TB
	failed, skipped bool
	cleanups        []func()
}

func (f *fake) Helper()             {}
func (f *fake) Logf(string, ...any) {}
func (f *fake) Failed() bool        { return f.failed }
func (f *fake) Skipped() bool       { return f.skipped }
func (f *fake) Cleanup(c func())    { f.cleanups = append(f.cleanups, c) }

// A test that ends before its end has a row that shows a loss.
func TestLater(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(f *fake, tried *int, now func())
		want string // what was tried and what was lost
	}{
		{"it ends", func(_ *fake, tried *int, _ func()) { *tried = 9 }, "| 9 | 0 |"},
		{"it fails at once", func(f *fake, _ *int, _ func()) { f.failed = true }, "| 0 | 1 |"},
		{"it fails", func(f *fake, tried *int, _ func()) { *tried, f.failed = 5, true },
			"| 5 | 1 |"},
		{"it fails later", func(f *fake, tried *int, now func()) {
			*tried = 5
			now()
			*tried, f.failed = 6, true
		}, "| 5 | 0 |"},
		{"it is skipped", func(f *fake, _ *int, _ func()) { f.skipped = true }, ""},
	} {
		path := filepath.Join(t.TempDir(), "rows")
		t.Setenv(Env, path)
		f, tried := &fake{TB: t}, 0
		now := Later(f, func() Row { return Row{What: "x", On: "y", Tried: tried} })
		test.run(f, &tried, now)
		for _, c := range f.cleanups {
			c()
		}
		if test.want == "" {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("%s: it has a row, %v", test.name, err)
			}
			continue
		}
		got := table(t, path)
		if strings.Count(got, "\n") != 3 || !strings.Contains(got, test.want) {
			t.Errorf("%s:\n%s", test.name, got)
		}
	}
	if r := Faults("MinIO", nil); r.Lost != 1 || r.On != "MinIO" {
		t.Errorf("a matrix that did not end: %+v", r)
	}
}
