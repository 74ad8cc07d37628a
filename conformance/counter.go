package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// casCounter lets writers increment one number by compare-and-swap. Each object also names who
// wrote it, so that no two have equal bytes. In each round all writers read the same version before
// any of them writes, and send their bodies together: a driver that looks and then writes loses an
// update whenever it looks before it reads the body, and otherwise has as many chances as there are
// rounds.
func casCounter(ctx context.Context, e *env) error {
	key, writers, rounds := e.key("counter"), e.many(16, 8), e.many(50, 8)
	if _, err := e.put(ctx, key, []byte("0"), nil); err != nil {
		return err
	}
	var vague atomic.Int64
	for round := range rounds {
		reading, sending := newGate(writers), newGate(writers)
		parallel(writers, func(w int) {
			read := sync.OnceFunc(func() { reading.pass(time.Minute) })
			// A driver that locks, and then reads the body, lets in one at a time.
			sent := sync.OnceFunc(func() { sending.pass(10 * time.Millisecond) })
			defer sent()
			defer read()
			for ctx.Err() == nil {
				data, r, err := e.get(ctx, key, nil)
				if err != nil {
					e.errorf("writer %d: %w", w, err)
					return
				}
				number, _, _ := bytes.Cut(data, []byte(" "))
				n, err := strconv.Atoi(string(number))
				if err != nil {
					e.errorf("the counter holds %q", data)
					return
				}
				read()
				next := fmt.Appendf(nil, "%d by %d in round %d", n+1, w, round)
				_, err = e.store.Put(ctx, key, &gatedBody{bytes.NewReader(next), sent},
					int64(len(next)), &storage.PutOptions{IfMatch: r.Object.ETag})
				var se *storage.Error
				switch {
				case err == nil:
					return
				case errors.As(err, &se) && se.InDoubt:
					vague.Add(1)
				case !errors.Is(err, storage.ErrPrecondition) && !noAnswer(err):
					e.errorf("writer %d: %w; want %v", w, err, storage.ErrPrecondition)
					return
				}
			}
			e.errorf("writer %d was in round %d: %w", w, round, context.Cause(ctx))
		})
		if e.failed() {
			return nil
		}
	}
	data, _, err := e.get(ctx, key, nil)
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(string(data), " ")
	low := writers * rounds
	if n, err := strconv.Atoi(number); err != nil || n < low || n > low+int(vague.Load()) {
		e.errorf("the counter is at %q after %d increments (and %d in doubt)", number, low,
			vague.Load())
	}
	return nil
}

// gate lets all of those who come to it go on when the last one has come.
type gate struct {
	missing atomic.Int64
	open    chan struct{}
}

func newGate(n int) *gate {
	g := &gate{open: make(chan struct{})}
	g.missing.Store(int64(n))
	return g
}

// pass waits at the gate, no longer than that.
func (g *gate) pass(longest time.Duration) {
	if g.missing.Add(-1) == 0 {
		close(g.open)
	}
	select {
	case <-g.open:
	case <-time.After(longest):
	}
}

// gatedBody calls sent before a Read.
type gatedBody struct {
	*bytes.Reader
	sent func()
}

func (b *gatedBody) Read(p []byte) (int, error) {
	b.sent()
	return b.Reader.Read(p)
}

// WriteTo hides the one of bytes.Reader.
func (b *gatedBody) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}
