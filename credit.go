package storage

import "sync"

// credit is the retry budget of a Bucket, counted in tenths of a retry.
type credit struct {
	limit int // retries; < 0: none
	mu    sync.Mutex
	spent int
}

func (c *credit) earn() {
	c.mu.Lock()
	c.spent = max(c.spent-1, 0)
	c.mu.Unlock()
}

func (c *credit) spend() bool {
	if c.limit < 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spent+10 > 10*c.limit {
		return false
	}
	c.spent += 10
	return true
}
