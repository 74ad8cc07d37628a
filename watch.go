package storage

import (
	"sync"
	"time"
)

// watch calls expired once if nothing touches it for d while it is not idle. A nil watch does
// nothing.
//
// It re-arms its timer only when it fires, so touching costs a look at the clock.
type watch struct {
	d       time.Duration
	expired func()

	mu    sync.Mutex
	timer *time.Timer
	last  time.Time
	idle  bool
	over  bool
}

func newWatch(d time.Duration, expired func()) *watch {
	w := &watch{d: d, expired: expired, last: time.Now()}
	w.mu.Lock()
	w.timer = time.AfterFunc(d, w.fire)
	w.mu.Unlock()
	return w
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	left := w.d
	if !w.idle {
		left -= time.Since(w.last)
	}
	if left <= 0 {
		w.over = true
		w.expired()
		return
	}
	w.timer.Reset(left)
}

// touch says that a byte moved, or that waiting for one begins.
func (w *watch) touch() { w.set(false) }

// rest says that nobody waits for a byte now: the consumer has it.
func (w *watch) rest() { w.set(true) }

func (w *watch) set(idle bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.last, w.idle = time.Now(), idle
	w.mu.Unlock()
}

func (w *watch) stop() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.over = true
	w.timer.Stop()
	w.mu.Unlock()
}
