package calmclock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start()
		defer c.Close()
		for _, want := range []time.Duration{0, tick, 100 * tick, time.Minute} {
			start := c.Now()
			time.Sleep(want)
			synctest.Wait()
			if got := c.Now() - start; got != want {
				t.Errorf("%v are %v by the clock", want, got)
			}
		}
	})
}
