package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/tally"
)

// What was not tried is said beneath the table, and fails where it is a service.
func TestTortureSum(t *testing.T) {
	var s sum
	c := &torment{pkg: "./p", run: "TestX", on: []string{"MinIO", "Azurite"}}
	both := []tally.Row{{What: "x", On: "MinIO", Tried: 3}, {What: "x", On: "Azurite", Tried: 3}}
	s.add(c, both, nil)
	if len(s.failed) > 0 {
		t.Errorf("nothing is missing: %v", s.failed)
	}
	s.add(c, append(both, tally.Row{What: "y", On: "MinIO", Tried: 1, Lost: 1}),
		errors.New("exit status 1"))
	s.add(&torment{pkg: "./q", run: "TestY"}, append(s.rows, tally.Row{On: "file", Lost: 2}), nil)
	s.left = []string{"versitygw: why\n", "btrfs: no mkfs\n", "versitygw: why\n"}
	var b strings.Builder
	s.print(&b)
	want := `| what | on | tried | lost | on the way | seeds |
|---|---|---|---|---|---|
| x | MinIO | 3 | 0 |  |  |
| x | Azurite | 3 | 0 |  |  |
| y | MinIO | 1 | 1 |  |  |
|  | file | 0 | 2 |  |  |
not run: btrfs: no mkfs
not run: versitygw: why
failed: ./p TestX: exit status 1
failed: ./p TestX: there is no row of Azurite
failed: ./q TestY: 2 lost on file
`
	if got := b.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
