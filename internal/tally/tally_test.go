package tally

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	t.Setenv(Env, path)
	Add(t, Row{What: "kills", On: "file", Tried: 100, Seeds: "1"})
	Add(t, Row{What: "histories", On: "memory", Tried: 3, Lost: 1, Note: "2 unknown"})
	Add(t, Faults("MinIO", &conformance.FaultReport{Faults: 2, Pairs: 2, Paths: 1,
		Cells: []conformance.FaultCell{{}, {Repeats: 3}, {Left: true}, {Excluded: "x"}}}))
	rows, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Table(string(rows))
	if err != nil {
		t.Fatal(err)
	}
	want := `| what | on | tried | lost | on the way | seeds |
|---|---|---|---|---|---|
| kills | file | 100 | 0 |  | 1 |
| histories | memory | 3 | 1 | 2 unknown |  |
` + "| cells of faults, operations and paths | MinIO | 2 | 0 | a part: 2 faults, 2 operations of 1 " +
		"paths; 3 repeats under a longer stall limit |  |\n"
	if got != want {
		t.Errorf("Table:\n%swant\n%s", got, want)
	}
	if _, err := Table("no JSON"); err == nil {
		t.Error("a line that is no JSON was taken")
	}
}
