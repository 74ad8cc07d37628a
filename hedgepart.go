package storage

import (
	"context"
	"io"
	"time"
)

// partRace is a PutPart that may be made twice. The answers are the same: see Part.Repeatable.
type partRace struct {
	race[*Part]
	u        *upload
	part     int // its number
	src      io.ReaderAt
	off      int64
	opts     PartOptions
	patience time.Duration
	original sending
	again    *sending
}

// sending is one of the two requests.
type sending struct {
	body  body
	began time.Time // when Options.Bandwidth has let it go
}

func (s *sending) begin(r *partRace, a *attempt, size int64) {
	s.body.init(r.e, a, r.src, r.off, size)
	s.began = time.Now()
}

// time is how long the service has taken so far, or took.
func (s *sending) time() time.Duration { return time.Since(s.began) - s.body.source.total() }

// send writes one part.
func (u *upload) send(
	ctx context.Context, number int, src io.ReaderAt, off, size int64, opts PartOptions,
) error {
	c, attempts := call{op: "PutPart", key: u.w.key}, 0
	return u.part(ctx, c, func(a *attempt) (*Part, error) {
		attempts++
		r := &partRace{
			race: race[*Part]{e: u.w.e, ctx: ctx, call: c, number: attempts},
			u:    u, part: number, src: src, off: off, opts: opts,
		}
		return r.send(a, size)
	})
}

// send makes the request in a, and once more if that is of use.
func (r *partRace) send(a *attempt, size int64) (*Part, error) {
	e := r.e
	if err := a.pay(e.pace, size); err != nil {
		return nil, err
	}
	s := &r.original
	s.begin(r, a, size)
	if !e.opts.NoHedging && r.u.limits.Parallel {
		r.patience = e.parts.patience(size)
	}
	if r.patience == 0 {
		part, err := r.put(a, s)
		r.took(a, s.began, err)
		return part, err
	}
	r.by = r
	part, winner, err := r.run(a, r.patience)
	if winner != a {
		winner.release(nil)
	}
	return part, err
}

func (r *partRace) of(a *attempt) *sending {
	if a == r.original.body.a {
		return &r.original
	}
	return r.again
}

func (r *partRace) ask(a *attempt) (*Part, error) {
	if a == r.original.body.a {
		return r.put(a, &r.original)
	}
	s, size := new(sending), r.original.body.size
	r.again = s
	r.u.resent.Store(true)
	if err := a.pay(r.e.pace, size); err != nil {
		return nil, err
	}
	s.begin(r, a, size)
	return r.put(a, s)
}

func (r *partRace) put(a *attempt, s *sending) (*Part, error) {
	part, err := r.e.store.PutPart(
		a, r.u.w.key, r.u.id, r.part, &s.body, s.body.size, &r.opts,
	)
	return part, s.body.finish(err)
}

func (r *partRace) drop(*Part) {}

// may looks again and again: the source may have been slow, and parts beside this one may not have
// ended yet.
func (r *partRace) may() (time.Duration, bool) {
	s := &r.original
	age := s.time()
	if left := r.patience - age; left > 0 {
		return left, false
	}
	return r.patience, r.u.repeatable() && r.e.parts.overtaken(s.began, age, s.body.size) &&
		r.e.hold.calm() && r.e.parts.spend(&r.e.up)
}

func (r *partRace) took(a *attempt, _ time.Time, err error) {
	s := r.of(a)
	r.e.parts.took(s.began, s.time(), s.body.size, err)
}

func (r *partRace) hedged(won bool, _ time.Time) {
	s := &r.original
	r.e.parts.hedged(won, pace(s.time(), s.body.size))
	r.e.up.hedged(false)
}
