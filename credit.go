package storage

import "sync/atomic"

// credit is the retry budget of a Bucket, counted in tenths of a retry.
type credit struct {
	limit int // retries; < 0: none
	spent atomic.Int64
}

func (c *credit) earn() {
	for {
		spent := c.spent.Load()
		if spent == 0 || c.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

func (c *credit) spend() bool {
	if c.limit < 0 {
		return true
	}
	for {
		spent := c.spent.Load()
		if spent+10 > 10*int64(c.limit) {
			return false
		}
		if c.spent.CompareAndSwap(spent, spent+10) {
			return true
		}
	}
}
