package storage

import (
	"context"
	"sync"
	"time"
)

// parallel calls f for 0 to n-1, in this order, from at most workers goroutines. The first failure
// cancels the context of the others. It is returned when all of them have returned.
func parallel(ctx context.Context, workers, n int, f func(ctx context.Context, i int) error) error {
	g := newGroup(ctx, workers, nil)
	for i := range n {
		if !g.start(0, func(ctx context.Context) error { return f(ctx, i) }) {
			break
		}
	}
	return raised(g.wait())
}

// raised returns err, or continues the panic of the caller's own code that err carries from a
// worker.
func raised(err error) error {
	if p, ok := err.(sourcePanic); ok {
		p.raise()
	}
	return err
}

// group runs functions in a bounded number of goroutines until one fails. With a flow it is a
// transfer, and each function a request.
type group struct {
	member *member // of the flow; nil: there is none
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	wg     sync.WaitGroup
	mu     sync.Mutex
	err    error
}

func newGroup(ctx context.Context, workers int, f *flow) *group {
	g := &group{slots: make(chan struct{}, max(workers, 1))}
	if f != nil {
		g.member = &member{flow: f}
	}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// start runs f, which moves n bytes, in a goroutine as soon as one is free. It returns false if a
// function has failed or the context has ended before.
func (g *group) start(n int64, f func(context.Context) error) bool {
	select {
	case g.slots <- struct{}{}:
	case <-g.ctx.Done():
		return false
	}
	if g.ctx.Err() != nil || g.member != nil && !g.member.enter(g.ctx) {
		<-g.slots
		return false
	}
	began := time.Now()
	g.wg.Go(func() {
		over := false
		defer func() {
			if g.member != nil {
				if g.failed() != nil {
					n = 0
				}
				g.member.leave(began, n)
			}
			<-g.slots
		}()
		defer func() {
			if v := recover(); v != nil || !over {
				g.fail(sourcePanic{value: v, exit: v == nil})
			}
		}()
		if err := f(g.ctx); err != nil {
			g.fail(err)
		}
		over = true
	})
	return true
}

// beside runs f in a goroutine that is none of the bounded ones.
func (g *group) beside(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.fail(err)
		}
	})
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

// ended returns why the context of the functions has ended.
func (g *group) ended() error {
	if err := g.failed(); err != nil {
		return err
	}
	return &Error{Err: g.ctx.Err()}
}

// wait waits for all goroutines and returns the first failure. A panic in one of them, which is one
// of the caller's own code, is a sourcePanic: see raised and repanic.
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
