package main

import (
	"fmt"
	"strings"
	"time"
)

// The bar is as wide as the line leaves it, within these limits.
const (
	minBar = 12
	maxBar = 40
)

// piece is a field of a line. The one of the highest rank goes first where the line is too long.
type piece struct {
	text string
	rank int
}

const barRank = 7

// line is the state in at most width columns, of ASCII alone. A width of 0 is that of a log: as
// long as it takes, and without a bar.
func (s state) line(width int) string {
	var ps []piece
	add := func(rank int, format string, args ...any) {
		ps = append(ps, piece{fmt.Sprintf(format, args...), rank})
	}
	if s.tree {
		soFar := ""
		if s.listing {
			soFar = " so far"
		}
		add(3, "%d/%d objects%s", s.objects, s.expected, soFar)
		if s.failed > 0 {
			add(2, "%d failed", s.failed)
		}
	}
	share, known := s.share()
	if known {
		add(0, "%3d%%", int(100*share))
		if width > 0 {
			add(barRank, "") // its text comes last
		}
	}
	switch {
	case s.total < 0:
		add(1, "%s", byteText(float64(s.bytes)))
	default:
		total := byteText(float64(s.total))
		add(5, "%*s/%s", len(total), byteText(float64(s.bytes)), total)
	}
	if s.bytes > 0 {
		add(4, "%-11s", byteText(s.rate)+"/s")
	}
	switch {
	case s.final:
		add(6, "in %s", clock(s.elapsed))
	case s.left >= 0:
		add(6, "%s left", clock(s.left))
	default:
		add(6, "%s", clock(s.elapsed))
	}
	text := join(ps)
	for width > 0 && len(text)+spare(ps) > width && len(ps) > 1 {
		ps = withoutLast(ps)
		text = join(ps)
	}
	for i := range ps {
		if ps[i].rank == barRank {
			ps[i].text = bar(share, min(width-len(text), maxBar))
			text = join(ps)
		}
	}
	if text = strings.TrimRight(text, " "); width > 0 && len(text) > width {
		text = text[:width]
	}
	return text
}

func join(ps []piece) string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.text
	}
	return strings.Join(texts, "  ")
}

// spare is the least that a bar among ps still takes.
func spare(ps []piece) int {
	for _, p := range ps {
		if p.rank == barRank {
			return minBar
		}
	}
	return 0
}

// withoutLast is ps without the piece of the highest rank.
func withoutLast(ps []piece) []piece {
	last := 0
	for i, p := range ps {
		if p.rank > ps[last].rank {
			last = i
		}
	}
	return append(ps[:last:last], ps[last+1:]...)
}

// share is how much is done, from 0 to 1. It is not known while totals are not.
func (s state) share() (share float64, known bool) {
	switch {
	case s.listing || s.total < 0:
		return 0, false
	case s.total > 0:
		return min(float64(s.bytes)/float64(s.total), 1), true
	case s.expected > 0:
		return float64(s.objects+s.failed) / float64(s.expected), true
	}
	return 0, false
}

func bar(share float64, width int) string {
	inner := width - 2
	full := int(share * float64(inner))
	tip := ""
	if full < inner {
		tip = ">"
	}
	return "[" + strings.Repeat("=", full) + tip +
		strings.Repeat(" ", inner-full-len(tip)) + "]"
}

// byteText is a number of bytes for people.
func byteText(n float64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", int64(n))
	}
	units := "KMGTPE"
	i := 0
	for n /= 1024; n >= 1024 && i < len(units)-1; n /= 1024 {
		i++
	}
	return fmt.Sprintf("%.1f %ciB", n, units[i])
}

// clock is a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d days", s/(24*3600))
}
