package storage

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestStallTimeoutOf(t *testing.T) {
	const s = time.Second
	b := New(nil, &Options{StallTimeout: 30 * s, AbortTimeout: 4 * s})
	never := New(nil, &Options{StallTimeout: -1, AbortTimeout: 4 * s})
	for name, c := range map[string]struct {
		call        call
		want, never time.Duration
	}{
		"a small one":          {call{}, 30 * s, -1},
		"a copy":               {call{slow: true, size: -1}, 600 * s, -1},
		"a copy of 1 GiB":      {call{slow: true, size: 1 << 30}, 132400 * s / 1000, -1},
		"a completion":         {call{slow: true, size: 20 << 20, parts: 2}, 32020 * s / 1000, -1},
		"one of 10,000 parts":  {call{slow: true, size: 10 << 20, parts: 10_000}, 131 * s, -1},
		"clean-up":             {call{cleanup: true}, s, s},
		"a size without bytes": {call{size: 1 << 40}, 30 * s, -1},
	} {
		if got := b.e.stallTimeout(c.call); got != c.want {
			t.Errorf("%s may stall for %v, want %v", name, got, c.want)
		}
		if got := never.e.stallTimeout(c.call); got != c.never {
			t.Errorf("without a StallTimeout, %s may stall for %v, want %v", name, got, c.never)
		}
	}
}

// TestMoved tells of bytes as a driver does: by an event each, and when it is asked.
func TestMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 16 * time.Second
		start := time.Now()
		b := New(nil, &Options{StallTimeout: d})
		a := b.e.newAttempt(t.Context(), call{}, 1)
		defer a.release(nil)
		for range 5 {
			time.Sleep(d - 1)
			Moved(a)
		}
		last := time.Since(start)
		still := 40 // times that the answer is yes
		Moving(a, func() bool { still--; return still >= 0 })
		<-a.Done()
		if took := time.Since(start); took != last+40*d/probes+d {
			t.Errorf("cut after %v, want %v", took, last+40*d/probes+d)
		}
		Moved(t.Context()) // of nobody
		Moving(t.Context(), nil)
	})
	synctest.Test(t, func(t *testing.T) { // the consumer's time does not count
		b := New(nil, &Options{StallTimeout: time.Second})
		a := b.e.newAttempt(t.Context(), call{}, 1)
		defer a.release(nil)
		a.watch.rest()
		Moved(a)
		time.Sleep(time.Hour)
		if a.Err() != nil {
			t.Error("an attempt at rest was cut, because bytes had come")
		}
	})
}
