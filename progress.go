package storage

import "sync"

// forward makes a Progress callback safe for concurrent use. It drops a step back, which occurs
// when an upload begins again.
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
