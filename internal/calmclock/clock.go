// Package calmclock measures what must not take long, on machines that may stop for a while.
package calmclock

import (
	"sync/atomic"
	"time"
)

// tick is the unit of a Clock.
const tick = 5 * time.Millisecond

// A Clock counts short sleeps that end beside what is measured: where the machine runs nothing for
// a second, that second is held against nobody. What has to take long is measured by time.Since: no
// machine makes it shorter. Its methods may be called at the same time.
type Clock struct {
	ticks         atomic.Int64
	closed, ended chan struct{}
}

// Start starts a clock. It goes until it is closed.
func Start() *Clock {
	c := &Clock{closed: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		for {
			select {
			case <-c.closed:
				return
			case <-time.After(tick):
				c.ticks.Add(1)
			}
		}
	}()
	return c
}

// Now is the time since Start, in steps of 5 ms, less what the machine did not run.
func (c *Clock) Now() time.Duration { return time.Duration(c.ticks.Load()) * tick }

// Close stops the clock. It is called once.
func (c *Clock) Close() {
	close(c.closed)
	<-c.ended
}
