// Package tally collects what the tests of reliability tried, so that one table can show it: see
// make torture.
package tally

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// Env names a file that rows are appended to. Without it they are only logged.
const Env = "POLYSTORE_TALLY"

// Row is what one test tried.
type Row struct {
	What  string `json:"what"`            // "histories of 200 operations"
	On    string `json:"on"`              // the service or driver
	Tried int    `json:"tried"`           // how often
	Lost  int    `json:"lost"`            // how often a promise was broken
	Note  string `json:"note,omitempty"`  // counts of what happened on the way
	Seeds string `json:"seeds,omitempty"` // what makes the run repeatable
}

// Later adds the row of a test when the test ends, however that is, or when now is called, if that
// comes first. A test that has failed by then has tried what the row says, and has lost at least
// once. One that is skipped has no row.
//
// It is called before anything that can end the test.
func Later(tb testing.TB, row func() Row) (now func()) {
	tb.Helper()
	var once sync.Once
	now = func() {
		once.Do(func() {
			if !tb.Skipped() {
				add(tb, row())
			}
		})
	}
	tb.Cleanup(now)
	return now
}

// add logs a row, and appends it to the file that Env names.
func add(tb testing.TB, r Row) {
	tb.Helper()
	if tb.Failed() && r.Lost == 0 {
		r.Lost = 1
	}
	tb.Logf("%s on %s: %d tried, %d lost; %s; %s", r.What, r.On, r.Tried, r.Lost, r.Note, r.Seeds)
	path := os.Getenv(Env)
	if path == "" {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		tb.Fatal(err)
	}
}

// Rows reads the rows of such a file.
func Rows(lines string) (rows []Row, err error) {
	for line := range strings.Lines(lines) {
		var r Row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// Table is the rows as a table of Markdown, in their order.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| what | on | tried | lost | on the way | seeds |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %s |\n", r.What, r.On, r.Tried, r.Lost, r.Note,
			r.Seeds)
	}
	return b.String()
}
