package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// clocked is a meter with a clock of its own.
type clocked struct {
	*meter
	at time.Time
}

func newClocked(tree bool) *clocked {
	c := &clocked{at: time.Unix(1_000_000, 0)}
	c.meter = newMeter(tree, func() time.Time { return c.at })
	return c
}

func (c *clocked) after(d time.Duration) state {
	c.at = c.at.Add(d)
	return c.state()
}

func TestMeterOfOne(t *testing.T) {
	c := newClocked(false)
	p := c.add(-1)
	report := p.report()
	got := c.after(0)
	if got.total != -1 || got.left != -1 || got.rate != 0 || got.listing || got.final {
		t.Errorf("at the beginning: %+v; nothing is known", got)
	}
	report(storage.Progress{Done: 100, Total: -1})
	if got = c.after(time.Second); got.total != -1 || got.left != -1 || got.rate != 100 {
		t.Errorf("of unknown size: %+v; want rate 100, nothing else known", got)
	}
	report(storage.Progress{Done: 200, Total: 800})
	got = c.after(time.Second)
	if got.total != 800 || got.rate != 100 || got.left != 6*time.Second {
		t.Errorf("of 800 bytes: %+v; want rate 100, 6 s left", got)
	}
	report(storage.Progress{Done: 800, Total: 800})
	p.end(nil)
	c.at = c.at.Add(2 * time.Second)
	c.end()
	want := state{
		final: true, elapsed: 4 * time.Second, bytes: 800, total: 800,
		objects: 1, expected: 1, rate: 200, left: -1,
	}
	// Nothing moves behind the end.
	if d := cmp.Diff(want, c.after(time.Hour), cmp.AllowUnexported(state{})); d != "" {
		t.Errorf("at the end: -want +got\n%s", d)
	}
}

// A lone object that fails stays where it stopped.
func TestMeterFailure(t *testing.T) {
	c := newClocked(false)
	p := c.add(-1)
	p.report()(storage.Progress{Done: 1, Total: 4})
	p.end(errors.New("broken"))
	if s := c.after(time.Second); s.total != 4 || s.bytes != 1 || s.failed != 1 || s.objects != 0 {
		t.Errorf("%+v; want 1 of 4 bytes, one failed", s)
	}
}

func TestMeterOfTree(t *testing.T) {
	c := newClocked(true)
	a, b := c.add(100), c.add(300)
	a.report()(storage.Progress{Done: 100, Total: 100})
	a.end(nil)
	got := c.after(time.Second)
	if !got.listing || got.total != 400 || got.expected != 2 || got.left != -1 {
		t.Errorf("while listing: %+v; want the totals so far, and no time left", got)
	}
	d := c.add(500)
	c.listed()
	if got = c.after(0); got.listing || got.total != 900 || got.left != 8*time.Second {
		t.Errorf("listed: %+v; want 900 bytes, 8 s left", got)
	}
	// 200 bytes of it do not come.
	b.report()(storage.Progress{Done: 100, Total: 300})
	b.end(errors.New("broken"))
	if got = c.after(0); got.total != 700 || got.failed != 1 || got.objects != 1 {
		t.Errorf("one failed: %+v; want 700 bytes, 1 object done, 1 failed", got)
	}
	// It was replaced by a smaller one since it was listed.
	d.report()(storage.Progress{Done: 50, Total: 50})
	d.end(nil)
	if got = c.after(0); got.total != 250 || got.bytes != 250 || got.left != 0 {
		t.Errorf("all done: %+v; want 250 bytes, nothing left", got)
	}
}

// What is left of empty objects is told by their number.
func TestMeterOfEmptyObjects(t *testing.T) {
	c := newClocked(true)
	var all []*part
	for range 10 {
		all = append(all, c.add(0))
	}
	c.listed()
	for _, p := range all[:2] {
		p.end(nil)
	}
	if got := c.after(time.Second); got.left != 4*time.Second {
		t.Errorf("left %v, want 4 s for 8 objects at 2 a second", got.left)
	}
}

func TestMeterRate(t *testing.T) {
	c := newClocked(false)
	report := c.add(1_000_000).report()
	var done int64
	step := func(d time.Duration, n int64) float64 {
		done += n
		report(storage.Progress{Done: done, Total: 1_000_000})
		return c.after(d).rate
	}
	for range 30 {
		step(time.Second, 1000)
	}
	var got float64
	for range 12 { // slower: a window later the fast time is forgotten
		got = step(time.Second, 100)
	}
	if got < 99 || got > 200 {
		t.Errorf("rate %v, want about 100: that of the last %v", got, window)
	}
	for range 9 {
		got = step(time.Minute, 0)
	}
	if got <= 0 || got > 10 {
		t.Errorf("rate %v of a transfer that does not move, want almost none", got)
	}
	if n := len(c.marks); n > 20 {
		t.Errorf("%d marks are kept", n)
	}
}

// An upload moves by parts, which take longer than the window.
func TestMeterRateOfParts(t *testing.T) {
	c := newClocked(false)
	report := c.add(1000).report()
	for i := range int64(3) {
		for range 20 {
			c.after(time.Second)
		}
		report(storage.Progress{Done: 200 * (i + 1), Total: 1000})
		for range 5 {
			if got := c.after(time.Second).rate; got < 5 || got > 12 {
				t.Fatalf("part %d: rate %v, want about 10", i+1, got)
			}
		}
	}
}

func TestNoMeter(t *testing.T) {
	var m *meter
	p := m.add(1)
	m.listed()
	p.end(nil)
	if p.report() != nil {
		t.Error("nobody looks, and yet the transfer is to report")
	}
}
