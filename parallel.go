package storage

import (
	"context"
	"sync"
)

// parallel calls f for 0 to n-1, in this order, from at most workers goroutines. The first failure
// cancels the context of the others. It is returned when all of them have returned.
func parallel(ctx context.Context, workers, n int, f func(ctx context.Context, i int) error) error {
	g := newGroup(ctx, workers)
	for i := range n {
		if !g.start(func(ctx context.Context) error { return f(ctx, i) }) {
			break
		}
	}
	return g.wait()
}

// group runs functions in a bounded number of goroutines until one fails.
type group struct {
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	wg     sync.WaitGroup
	mu     sync.Mutex
	err    error
}

func newGroup(ctx context.Context, workers int) *group {
	g := &group{slots: make(chan struct{}, max(workers, 1))}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// start runs f in a goroutine as soon as one is free. It returns false if a function has failed or
// the context has ended before.
func (g *group) start(f func(context.Context) error) bool {
	select {
	case g.slots <- struct{}{}:
	case <-g.ctx.Done():
		return false
	}
	if g.ctx.Err() != nil {
		<-g.slots
		return false
	}
	g.wg.Go(func() {
		defer func() { <-g.slots }()
		if err := f(g.ctx); err != nil {
			g.fail(err)
		}
	})
	return true
}

// fail notes the first failure and stops the others.
func (g *group) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
		g.cancel()
	}
}

// failed returns the first failure so far.
func (g *group) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// wait waits for all goroutines and returns the first failure.
func (g *group) wait() error {
	g.wg.Wait()
	if err := g.failed(); err != nil {
		g.cancel()
		return err
	}
	err := g.ctx.Err()
	g.cancel()
	if err != nil {
		return &Error{Err: err}
	}
	return nil
}
