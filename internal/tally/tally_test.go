package tally

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	t.Setenv(Env, path)
	Add(t, Row{What: "kills", On: "file", Tried: 100, Seeds: "1"})
	Add(t, Row{What: "histories", On: "memory", Tried: 3, Lost: 1, Note: "2 unknown"})
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
`
	if got != want {
		t.Errorf("Table:\n%swant\n%s", got, want)
	}
	if _, err := Table("no JSON"); err == nil {
		t.Error("a line that is no JSON was taken")
	}
}
