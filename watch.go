package storage

import (
	"sync"
	"time"
)

// watch calls expired once if it is not touched for d while it is not at rest. A nil watch does
// nothing.
//
// The timer is reset only when it fires, so a touch costs no more than reading the clock.
type watch struct {
	d       time.Duration
	expired func()

	mu    sync.Mutex
	timer *time.Timer
	last  time.Time
	idle  bool
	over  bool
	probe func() bool // asked for movement that nobody tells of; nil: there is nobody to ask
}

// probes is how often within d the probe is asked.
const probes = 16

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
	if w.probe != nil && w.probe() {
		w.last = time.Now()
	}
	if !w.idle {
		left -= time.Since(w.last)
	}
	if left <= 0 {
		w.over = true
		w.expired()
		return
	}
	if w.probe != nil {
		left = min(left, w.d/probes)
	}
	w.timer.Reset(left)
}

// ask makes w ask probe every now and then whether something moved.
func (w *watch) ask(probe func() bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.probe = probe; !w.over {
		w.timer.Reset(w.d / probes)
	}
}

// note notes that a byte moved, whoever is waited for.
func (w *watch) note() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.last = time.Now()
	w.mu.Unlock()
}

// touch notes that a byte moved, or that a wait for one begins.
func (w *watch) touch() { w.set(false) }

// rest notes that nothing is waited for: the consumer has the bytes.
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
