package storage

import (
	"fmt"
	"testing"
	"time"
)

// crowd is a number of requests on a link, as a learner sees them.
type crowd struct {
	learner
	now     time.Time
	request time.Duration // that one takes
	limited bool          // each has a limit of its own; otherwise they share the rate of the link
}

func newCrowd(width int) *crowd {
	c := &crowd{now: time.Unix(1e9, 0), request: 100 * time.Millisecond}
	c.answered(nearTrip)
	c.begin(32)
	c.width = width
	c.look(c.now, 1, 1, false)
	return c
}

// run lets busy requests of so many transfers go on for so many epochs, and calls each after every
// request.
func (c *crowd) run(epochs, busy, transfers int, each func()) {
	const rate = 100e6
	end := c.now.Add(time.Duration(epochs) * leastEpoch)
	for c.now.Before(end) {
		c.now = c.now.Add(c.request / time.Duration(busy))
		n := int64(rate * c.request.Seconds())
		if !c.limited {
			n /= int64(busy)
		}
		c.ended(c.now.Add(-c.request), c.now, n)
		c.look(c.now, busy-1, transfers, false)
		c.look(c.now, busy, transfers, false)
		each()
	}
}

// TestLearnerInACrowd has more transfers than slots. Each has a request of its own, and a smaller
// width would change nothing: it is not tried, and the width is never larger in such a trial.
func TestLearnerInACrowd(t *testing.T) {
	for _, transfers := range []int{9, 20, 50} {
		t.Run(fmt.Sprint(transfers), func(t *testing.T) {
			c := newCrowd(8)
			trials := 0
			c.run(400, transfers, transfers, func() {
				if c.trial == nil {
					return
				}
				trials++
				switch {
				case !c.trial.larger:
					t.Fatalf("a width of %d is tried as a smaller one than %d", c.width,
						c.trial.from)
				case c.width <= transfers:
					t.Fatalf("a width of %d is tried as a larger one", c.width)
				}
			})
			if c.cancel(); c.width != 8 {
				t.Errorf("on a full link the width is %d, want 8", c.width)
			}
			if want := transfers < 32; trials > 0 != want {
				t.Errorf("%d trials of a larger width, want some: %t", trials, want)
			}
		})
	}
}

// TestLearnerBeforeACrowd tries a smaller width when a crowd comes, which stays: the trial ends.
func TestLearnerBeforeACrowd(t *testing.T) {
	c := newCrowd(8)
	for c.trial == nil {
		c.run(1, 8, 2, func() {})
	}
	if c.trial.larger || c.width >= 8 {
		t.Fatalf("a trial of %d slots after 8", c.width)
	}
	trial := c.trial
	c.run(10, 20, 20, func() {})
	if c.trial == trial {
		t.Errorf("the trial of %d slots does not end while 20 transfers go on", c.width)
	}
}

// TestLearnerAfterABurst has a crowd that comes and goes within each epoch.
func TestLearnerAfterABurst(t *testing.T) {
	c := newCrowd(8)
	for c.trial == nil {
		c.run(1, 8, 2, func() {
			c.look(c.now, 20, 20, false)
			c.look(c.now, 8, 2, false)
		})
	}
	if c.trial.larger || c.width != 6 {
		t.Errorf("a trial of %d slots after 8, want one of 6", c.width)
	}
}

// TestLearnerOfMoreTransfers tries a width that is larger than the number of the transfers.
func TestLearnerOfMoreTransfers(t *testing.T) {
	c := newCrowd(1)
	c.run(100, 5, 5, func() {
		if c.trial != nil && c.width != 10 {
			t.Fatalf("a width of %d is tried where 5 transfers go on, want 10", c.width)
		}
	})
}

// TestLearnerUnderCrowds has a crowd come into each trial of fewer requests, of which each has a
// limit of its own: the rate of the crowd makes no case for a smaller width.
func TestLearnerUnderCrowds(t *testing.T) {
	c := newCrowd(16)
	c.limited = true
	for range 8 {
		for c.trial == nil || c.trial.larger {
			c.run(1, c.width, 2, func() {})
		}
		c.run(30, 20, 20, func() {})
		if c.width < 16 {
			t.Fatalf("a crowd of 20 requests makes the width %d, want 16", c.width)
		}
	}
}

// TestLearnerOfASlowLink has requests that take long because there are many: they become as few as
// they can at once, and not when hundreds of them have ended.
func TestLearnerOfASlowLink(t *testing.T) {
	for _, transfers := range []int{1, 2, 3, 8} {
		c := newCrowd(32)
		c.request = time.Minute
		for ended := 0; c.width == 32 && ended < 100; {
			c.run(1, 32, transfers, func() { ended++ })
		}
		if c.width != transfers {
			t.Errorf("%d transfers, whose requests take a minute: %d slots are tried, want %d",
				transfers, c.width, transfers)
		}
	}
}
