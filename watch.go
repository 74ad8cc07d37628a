package storage

import (
	"sync"
	"time"
)

// watch calls expired once if it is not touched for d while it is not at rest. It has a timer once
// it is armed. Before that, late tells the same to whoever asks again and again. A watch without d
// does nothing.
//
// The timer is reset only when it fires, so a touch costs no more than reading the clock, and a
// probe nothing.
type watch struct {
	d time.Duration

	mu      sync.Mutex
	expired func()
	timer   *time.Timer // nil: it is not armed
	last    time.Time   // zero: nobody has waited yet
	asked   bool        // late was
	idle    bool
	over    bool
	probe   func() bool // asked for movement that nobody tells of; nil: there is nobody to ask
}

// probes is how often within d the timer fires, to ask the probe if there is one by then.
const probes = 16

// arm makes the watch call expired.
func (w *watch) arm(expired func()) {
	if w.d <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.expired = expired
	if w.last.IsZero() {
		w.last = time.Now()
	}
	left := w.left()
	if left <= 0 {
		w.over = true
		expired()
		return
	}
	w.timer = time.AfterFunc(min(left, w.d/probes), w.fire)
}

// late reports whether a watch that is not armed would have expired. Its time begins with the
// second question: the first is that of a method on entry, which may be over at once.
func (w *watch) late() bool {
	if w.d <= 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.timer != nil || w.over:
		return false
	case !w.asked:
		w.asked = true
		return false
	case w.last.IsZero():
		w.last = time.Now()
	}
	return w.left() <= 0
}

// left is the time until w expires if nothing moves.
func (w *watch) left() time.Duration {
	if w.idle {
		return w.d
	}
	return w.d - time.Since(w.last)
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	if w.probe != nil && w.probe() {
		w.last = time.Now()
	}
	left := w.left()
	if left <= 0 {
		w.over = true
		w.expired()
		return
	}
	w.timer.Reset(min(left, w.d/probes))
}

// ask makes w, which is armed, ask probe every now and then whether something moved.
func (w *watch) ask(probe func() bool) {
	w.mu.Lock()
	w.probe = probe
	w.mu.Unlock()
}

// note notes that a byte moved, whoever is waited for.
func (w *watch) note() {
	w.mu.Lock()
	w.moved()
	w.mu.Unlock()
}

// touch notes that a byte moved, or that a wait for one begins.
func (w *watch) touch() { w.set(false) }

// rest notes that nothing is waited for: the consumer has the bytes.
func (w *watch) rest() { w.set(true) }

func (w *watch) set(idle bool) {
	w.mu.Lock()
	w.idle = idle
	w.moved()
	w.mu.Unlock()
}

// moved begins the time anew, if it has begun.
func (w *watch) moved() {
	if !w.last.IsZero() {
		w.last = time.Now()
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
}
