package httpdriver

import (
	"net/http"
	"sync/atomic"
	"time"
)

// busyFor is how long a service counts as busy. It is what the SDK of Azure takes.
const busyFor = time.Minute

// Busy knows whether a service has lately refused requests because it had too much to do. A body
// had better wait then for the service's word before it goes up (Expect: 100-continue): it would go
// up for nothing. At other times the wait costs a round trip.
//
// The zero Busy knows of no refusal. It is safe for concurrent use.
type Busy struct{ last atomic.Pointer[time.Time] }

// Learn takes the status of an answer: 429, 500 and 503 are those of a busy service.
func (b *Busy) Learn(status int) {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		b.last.Store(new(time.Now()))
	}
}

// Now reports whether the service was busy within the last minute.
func (b *Busy) Now() bool {
	last := b.last.Load()
	return last != nil && time.Since(*last) < busyFor
}
