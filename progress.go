package storage

import "sync"

// forward makes a Progress callback safe for concurrent use and lets no step back through: an
// upload may have to begin again.
func forward(f func(Progress)) func(Progress) {
	if f == nil {
		return nil
	}
	var mu sync.Mutex
	high := int64(-1)
	return func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Done < high {
			return
		}
		high = p.Done
		f(p)
	}
}
