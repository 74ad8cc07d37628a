package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What docs/performance.md says of docs/benchmarks.md is what the data there say: a run that writes
// new figures shows here which sentences it has made false.
func TestPerformancePage(t *testing.T) {
	d, err := load("../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	ratio := func(row, subject string, c column) float64 {
		t.Helper()
		s := d.section(row)
		if s == nil {
			t.Fatalf("%s was not measured", row)
		}
		if subject == "" {
			subject, _ = s.floor()
		}
		us, ok := s.figure("us", c)
		other, known := s.figure(subject, c)
		if !ok || !known {
			t.Fatalf("%s has no %s of us and %q", row, c.head, subject)
		}
		return us / other
	}
	var want []string
	for _, line := range []struct {
		size string
		rows []string // file down, stream down, file up, stream up
	}{
		{"128 MiB", []string{"down128file", "down128", "up128", "up128stream"}},
		{"1 GiB", []string{"down1gfile", "down1g", "up1g", "up1gstream"}},
	} {
		text := "| " + line.size + " |"
		for _, row := range line.rows {
			text += fmt.Sprintf(" %.2f |", ratio(row, "", rate))
		}
		want = append(want, text)
	}
	least, most := 0.0, 0.0
	for i, row := range []string{"list", "listuuid", "listdates", "listdeep", "listskew"} {
		v := ratio(row, "us:list=1", opRate)
		if i == 0 {
			least, most = v, v
		}
		least, most = min(least, v), max(most, v)
	}
	want = append(want, fmt.Sprintf("it is %.1f to %.1f times, 50 ms away", least, most))
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, sentence := range want {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/performance.md has no %q, which docs/benchmarks.json says", sentence)
		}
	}
}
