package storage

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// sumsAhead has the sums of parts made before the parts have their turn, so that a part whose turn
// has come goes out at once. A nil one makes none.
type sumsAhead struct {
	store PartSummer
	src   io.ReaderAt
	place func(i int) (off, size int64) // of part i in src
	most  int64                         // parts ahead
	parts []summedPart
	begun atomic.Int64  // parts that have had their turn
	turn  chan struct{} // another one has
}

type summedPart struct {
	once sync.Once
	sums Checksums
}

// sumsAhead begins with the sums of count parts, in g. A source that may block has none: it is read
// where somebody watches.
func (e *engine) sumsAhead(
	g *group, src io.ReaderAt, count, most int, place func(i int) (off, size int64),
) *sumsAhead {
	store, ok := e.raw.(PartSummer)
	if !ok || !isDirectAt(src) {
		return nil
	}
	s := &sumsAhead{
		store: store, src: src, place: place, most: int64(most),
		parts: make([]summedPart, count), turn: make(chan struct{}, 1),
	}
	g.beside(func() error { s.run(g.ctx); return nil })
	return s
}

// run makes the sums of one part after the other.
func (s *sumsAhead) run(ctx context.Context) {
	for i := range s.parts {
		for int64(i) >= s.begun.Load()+s.most {
			select {
			case <-s.turn:
			case <-ctx.Done():
				return
			}
		}
		if int64(i) >= s.begun.Load() {
			s.of(ctx, i)
		}
	}
}

// take returns the sums of part i, whose turn has come. A Store that could not make them makes its
// own, and meets the reason there.
func (s *sumsAhead) take(ctx context.Context, i int) Checksums {
	if s == nil {
		return Checksums{}
	}
	return s.of(ctx, i)
}

// began notes that the parts up to i have had their turn.
func (s *sumsAhead) began(i int) {
	if s == nil {
		return
	}
	s.begun.Store(int64(i) + 1)
	select {
	case s.turn <- struct{}{}:
	default:
	}
}

func (s *sumsAhead) of(ctx context.Context, i int) Checksums {
	p := &s.parts[i]
	p.once.Do(func() {
		off, size := s.place(i)
		sums, err := s.store.SumPart(ctx, io.NewSectionReader(s.src, off, size), size)
		if err == nil {
			p.sums = sums
		}
	})
	return p.sums
}
