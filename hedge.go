package storage

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errOutrun is why a request was cut whose answer another one brought.
var errOutrun = errors.New("the same request was answered sooner on another connection")

// race is a Get that is made once more, as a hedge, when it takes much longer than others. The
// first success counts. The other request is cut, and has ended when run returns.
//
// A request that is answered in time costs a timer.
type race struct {
	e      *engine
	ctx    context.Context // of the call
	call   call
	opts   GetOptions
	number int // of the attempt

	mu     sync.Mutex
	first  *attempt
	hedge  *attempt
	over   bool          // there is an answer
	won    bool          // by the hedge
	ended  chan struct{} // closed when the hedge has ended
	answer *GetResult    // of the hedge, if it won
}

// patience is after what time a Get is hedged; 0: it is not.
func (e *engine) patience() time.Duration {
	if e.opts.NoHedging {
		return 0
	}
	return e.reads.patience()
}

// run makes the request in a, and once more if there is no answer after patience. It returns the
// answer and the attempt that it came by. The other attempt, if there was one, is released.
func (r *race) run(a *attempt, patience time.Duration) (*GetResult, *attempt, error) {
	began := time.Now()
	r.first = a
	timer := time.AfterFunc(patience, r.again)
	res, err := r.ask(a)
	timer.Stop()
	took := time.Since(began)
	r.mu.Lock()
	r.over = true
	hedge, won := r.hedge, r.won
	r.mu.Unlock()
	if !won {
		r.e.reads.took(took, err)
	}
	if hedge == nil {
		return res, a, err
	}
	if !won {
		hedge.cut(errOutrun)
	}
	<-r.ended
	r.e.reads.hedged(won, took)
	if !won {
		return res, a, err
	}
	if err == nil {
		res.Body.Close()
	}
	a.kept = true // the end of the call is not its own
	a.release(&Error{Err: errOutrun})
	return r.answer, hedge, nil
}

// again makes the hedge, if the service is fine otherwise.
func (r *race) again() {
	r.mu.Lock()
	if r.over || !r.e.hold.calm() || !r.e.reads.spend() {
		r.mu.Unlock()
		return
	}
	c := r.call
	c.hedge, c.room = true, nil
	a := r.e.newAttempt(r.ctx, c, r.number)
	r.hedge, r.ended = a, make(chan struct{})
	r.mu.Unlock()
	defer close(r.ended)
	began := time.Now()
	res, err := r.ask(a)
	r.mu.Lock()
	r.won = err == nil && !r.over
	r.over = r.over || r.won
	r.mu.Unlock()
	if r.won {
		r.answer = res
		r.e.reads.took(time.Since(began), nil)
		r.first.cut(errOutrun)
		return
	}
	failure := &Error{Err: errOutrun}
	if err == nil {
		res.Body.Close()
	} else if e := a.name(asError(err)); e.Kind != nil {
		failure = e
		r.e.reads.took(time.Since(began), e)
		r.e.left(r.call, everybody, e)
	}
	a.release(failure)
}

func (r *race) ask(a *attempt) (*GetResult, error) {
	return r.e.store.Get(a, r.call.key, &r.opts)
}
