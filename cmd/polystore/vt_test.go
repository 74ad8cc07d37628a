//go:build unix

package main

import (
	"strconv"
	"strings"
	"testing"
)

// shown is what a terminal of endless height shows of out, as far as the command moves the cursor.
func shown(t *testing.T, out string) []string {
	t.Helper()
	lines, row, col := []string{""}, 0, 0
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '\r':
			col = 0
		case c == '\n':
			row++
			if row == len(lines) {
				lines = append(lines, "")
			}
		case c == '\x1b':
			end := strings.IndexAny(out[i:], "AJ")
			n, err := strconv.Atoi(out[i+2 : i+max(end, 2)])
			switch {
			case end > 0 && out[i+end] == 'J':
				lines = lines[:row+1]
				lines[row] = lines[row][:min(col, len(lines[row]))]
			case end > 0 && err == nil && n <= row:
				row -= n
			default:
				t.Fatalf("unexpected control at %q", out[i:])
			}
			i += end
		default:
			line := lines[row] + strings.Repeat(" ", max(0, col-len(lines[row])))
			lines[row] = line[:col] + string(c) + line[min(col+1, len(line)):]
			col++
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func TestShown(t *testing.T) {
	got := shown(t, "one\r\ntwo\r\n^C\r\x1b[1A\x1b[Jthree\r\nfour\rF")
	if want := "one|three|Four"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
