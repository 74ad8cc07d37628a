package main

import (
	"strings"
	"testing"
	"time"
)

const mib = 1 << 20

func TestLine(t *testing.T) {
	one := state{
		elapsed: 3 * time.Second, bytes: 9 * mib, total: 36 * mib, expected: 1,
		rate: 3 * mib, left: 9 * time.Second,
	}
	unknown := one
	unknown.total, unknown.left = -1, -1
	tree := state{
		tree: true, elapsed: 61 * time.Second, bytes: 9 * mib, total: 36 * mib,
		objects: 7, failed: 2, expected: 40, rate: 3 * mib, left: 90 * time.Minute,
	}
	listing := tree
	listing.listing, listing.failed, listing.left = true, 0, -1
	final := tree
	final.final, final.left, final.bytes, final.objects = true, -1, 36*mib, 38
	empty := state{tree: true, objects: 1, expected: 4, left: -1}
	for _, test := range []struct {
		name  string
		s     state
		width int
		want  string
	}{
		{"one", one, 80,
			" 25%  [====>                ]   9.0 MiB/36.0 MiB  3.0 MiB/s    0:09 left"},
		{"one in a log", one, 0, " 25%   9.0 MiB/36.0 MiB  3.0 MiB/s    0:09 left"},
		{"one, narrower", one, 60, " 25%   9.0 MiB/36.0 MiB  3.0 MiB/s    0:09 left"},
		{"one, narrow", one, 30, " 25%  3.0 MiB/s"},
		{"one, very narrow", one, 4, " 25%"},
		{"unknown", unknown, 80, "9.0 MiB  3.0 MiB/s    0:03"},
		{"nothing yet", state{total: -1, left: -1}, 80, "0 B  0:00"},
		{"tree", tree, 100, "7/40 objects  2 failed   25%  [====>               ]   " +
			"9.0 MiB/36.0 MiB  3.0 MiB/s    1:30:00 left"},
		{"tree, narrow", tree, 40, "7/40 objects  2 failed   25%"},
		{"listing", listing, 100,
			"7/40 objects so far   9.0 MiB/36.0 MiB  3.0 MiB/s    1:01"},
		{"final", final, 90, "38/40 objects  2 failed  100%  [============]  " +
			"36.0 MiB/36.0 MiB  3.0 MiB/s    in 1:01"},
		{"empty objects", empty, 0, "1/4 objects   25%  0 B/0 B  0:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.s.line(test.width)
			if test.width > 0 && strings.Contains(got, "[") {
				// The bar takes what is left of the line.
				bar := got[strings.Index(got, "["):strings.Index(got, "]")]
				if len(bar) < minBar-1 || len(bar) > maxBar {
					t.Errorf("the bar has %d columns", len(bar)+1)
				}
				got, test.want = withoutBar(got), withoutBar(test.want)
			}
			if got != test.want {
				t.Errorf("line(%d) =\n%q, want\n%q", test.width, got, test.want)
			}
		})
	}
}

func withoutBar(line string) string {
	from, to := strings.Index(line, "["), strings.Index(line, "]")
	if from < 0 || to < from {
		return line
	}
	return line[:from] + line[to+1:]
}

// A line never wraps: the next drawing would leave its first half on the screen.
func TestLineFits(t *testing.T) {
	for _, s := range []state{
		{left: -1, total: -1},
		{bytes: 5, total: 5, expected: 1, rate: 1e18, left: 1e18},
		{bytes: 1 << 62, total: 1 << 62, tree: true, objects: 1 << 60, expected: 1 << 60, failed: 1,
			rate: 1 << 62, left: 400 * 24 * time.Hour, elapsed: time.Hour},
		{bytes: 1 << 30, total: 1 << 31, tree: true, listing: true, expected: 100_000, left: -1},
		{bytes: 70, total: 50, expected: 1, left: -1, final: true},
	} {
		for width := 1; width < 200; width++ {
			line := s.line(width)
			if len(line) > width || line == "" {
				t.Fatalf("line(%d) = %q, %d columns", width, line, len(line))
			}
			for _, c := range []byte(line) {
				if c < ' ' || c > '~' {
					t.Fatalf("line(%d) = %q: not plain ASCII", width, line)
				}
			}
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{
		0: "[>         ]", 0.5: "[=====>    ]", 0.99: "[=========>]", 1: "[==========]",
	} {
		if got := bar(share, 12); got != want {
			t.Errorf("bar(%v) = %q, want %q", share, got, want)
		}
	}
}

func TestByteText(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 * mib: "5.0 MiB",
		1 << 40: "1.0 TiB", 1 << 62: "4.0 EiB", 1e30: "867361737988.4 EiB",
	} {
		if got := byteText(n); got != want {
			t.Errorf("byteText(%v) = %q, want %q", n, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 1499 * time.Millisecond: "0:01", 59500 * time.Millisecond: "1:00",
		3599 * time.Second: "59:59", time.Hour: "1:00:00", 99 * time.Hour: "99:00:00",
		100 * time.Hour: "4 days",
	} {
		if got := clock(d); got != want {
			t.Errorf("clock(%v) = %q, want %q", d, got, want)
		}
	}
}
