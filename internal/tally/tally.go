// Package tally collects what the tests of reliability tried, so that one table can show it: see
// make torture.
package tally

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
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

// Add logs a row, and appends it to the file that Env names. A test that has failed has lost at
// least once.
func Add(tb testing.TB, r Row) {
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

// Table is the rows of such a file as a table of Markdown, in their order.
func Table(lines string) (string, error) {
	var b strings.Builder
	b.WriteString("| what | on | tried | lost | on the way | seeds |\n|---|---|---|---|---|---|\n")
	for line := range strings.Lines(lines) {
		var r Row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return "", fmt.Errorf("%q: %w", line, err)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %s |\n", r.What, r.On, r.Tried, r.Lost, r.Note,
			r.Seeds)
	}
	return b.String(), nil
}
