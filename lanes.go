package storage

import (
	"context"
	"sync"
)

// calmRounds is how many rounds of requests pass before there is one lane more than the service had
// taken last.
const calmRounds = 8

// lanes limits how many requests of one call are under way. A service that asks for fewer halves
// them. Each round of requests that it carries out gives one back, more slowly where it has refused
// before. The zero value with width set is ready.
type lanes struct {
	mu    sync.Mutex
	width int
	most  int // width at the beginning
	knee  int // a larger width was refused
	busy  int
	done  int // carried out since the width has changed
	age   int // how often it was halved
	queue []chan struct{}
}

// enter waits for a lane. It returns false if ctx ends before.
func (l *lanes) enter(ctx context.Context) bool {
	l.mu.Lock()
	l.most = max(l.most, l.width)
	if l.busy < l.width {
		l.busy++
		l.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	l.queue = append(l.queue, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.queue {
		if other == turn {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return false
		}
	}
	l.busy-- // it came at the same time
	l.next()
	return false
}

// leave gives a lane back.
func (l *lanes) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	l.next()
}

// next lets go whoever may. mu is held.
func (l *lanes) next() {
	for len(l.queue) > 0 && l.busy < l.width {
		close(l.queue[0])
		l.queue = l.queue[1:]
		l.busy++
	}
}

// now is what a request that begins gives to carried or refused when it ends.
func (l *lanes) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.age
}

// carried notes a request that the service has carried out.
func (l *lanes) carried(begun int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun != l.age || l.width >= l.most {
		return
	}
	need := l.width
	if l.width >= l.knee {
		need *= calmRounds
	}
	if l.done++; l.done >= need {
		l.width, l.done = l.width+1, 0
		l.next()
	}
}

// refused notes a request that the service throttled. What was under way when the lanes were halved
// does not halve them again.
func (l *lanes) refused(begun int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun == l.age {
		l.knee = l.width - 1
		l.width, l.done = max(l.width/2, 1), 0
		l.age++
	}
}
