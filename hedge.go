package storage

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errOutrun is why a request was cut whose answer another one brought.
var errOutrun = errors.New("the same request was answered sooner on another connection")

// contender is a request that may be made twice.
type contender[T any] interface {
	// ask makes it in a, and drop lets go of an answer that nobody needs.
	ask(a *attempt) (T, error)
	drop(T)

	// may reports whether the hedge may be made now, and takes what it costs. Otherwise it says
	// when to look again; 0: never.
	may() (again time.Duration, ok bool)

	// took notes how long a request took that ended with err. hedged notes the end of a hedge.
	took(a *attempt, began time.Time, err error)
	hedged(won bool, began time.Time)
}

// race is a request that is made once more, as a hedge, when it takes much longer than others. The
// first success counts. The other request is cut, and has ended when run returns.
//
// A request that is answered in time costs a timer.
type race[T any] struct {
	by     contender[T]
	e      *engine
	ctx    context.Context // of the call
	call   call
	number int // of the attempt

	mu     sync.Mutex
	timer  *time.Timer
	first  *attempt
	hedge  *attempt
	over   bool          // there is an answer
	won    bool          // by the hedge
	ended  chan struct{} // closed when the hedge has ended
	answer T             // of the hedge, if it won
}

// run makes the request in a, and once more if there is no answer after patience. It returns the
// answer and the attempt that it came by. The other attempt, if there was one, is released.
func (r *race[T]) run(a *attempt, patience time.Duration) (T, *attempt, error) {
	began := time.Now()
	r.mu.Lock()
	r.first = a
	r.timer = time.AfterFunc(patience, r.again)
	r.mu.Unlock()
	res, err := r.by.ask(a)
	r.mu.Lock()
	r.timer.Stop()
	r.over = true
	hedge, won := r.hedge, r.won
	r.mu.Unlock()
	if !won {
		r.by.took(a, began, err)
	}
	if hedge == nil {
		return res, a, err
	}
	if !won {
		hedge.cut(errOutrun)
	}
	<-r.ended
	r.by.hedged(won, began)
	if !won {
		return res, a, err
	}
	if err == nil {
		r.by.drop(res)
	}
	a.kept = true // the end of the call is not its own
	a.release(&Error{Err: errOutrun})
	return r.answer, hedge, nil
}

// again makes the hedge, if the service is fine otherwise.
func (r *race[T]) again() {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	if again, ok := r.by.may(); !ok {
		if again > 0 {
			r.timer.Reset(again)
		}
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
	res, err := r.by.ask(a)
	r.mu.Lock()
	r.won = err == nil && !r.over
	r.over = r.over || r.won
	r.mu.Unlock()
	if r.won {
		r.answer = res
		r.by.took(a, began, nil)
		r.first.cut(errOutrun)
		return
	}
	failure := &Error{Err: errOutrun}
	if err == nil {
		r.by.drop(res)
	} else if e := a.name(asError(err)); e.Kind != nil {
		failure = e
		r.by.took(a, began, e)
		r.e.left(r.call, everybody, e)
	}
	a.release(failure)
}
