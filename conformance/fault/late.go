package fault

import (
	"context"
	"sync"
	"time"
)

// lateLimit is how long a request may take that is delivered late.
const lateLimit = 30 * time.Second

// lateness counts the requests that are kept, and delivered late.
type lateness struct {
	mu    sync.Mutex
	late  int           // requests that are kept or delivered late
	quiet chan struct{} // closed when there are none any more; nil while nobody waits
}

// Wait waits until every request that a [Late] has kept was delivered or given up. It is called
// after the requests that may have met one.
func (l *lateness) Wait() {
	l.mu.Lock()
	if l.late == 0 {
		l.mu.Unlock()
		return
	}
	if l.quiet == nil {
		l.quiet = make(chan struct{})
	}
	quiet := l.quiet
	l.mu.Unlock()
	<-quiet
}

// deliver makes a request that was kept: now, or with the time that it is still on its way.
func (l *lateness) deliver(
	ctx context.Context, behind time.Duration, request func(context.Context),
) {
	go func() {
		defer l.keeping(-1)
		time.Sleep(behind)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateLimit)
		defer cancel()
		request(ctx)
	}()
}

// keeping counts n requests more.
func (l *lateness) keeping(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late += n; l.late == 0 && l.quiet != nil {
		close(l.quiet)
		l.quiet = nil
	}
}
