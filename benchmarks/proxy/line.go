package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// chunk is how much is moved at once: 5 ms of 25 MB/s.
const chunk = 128 << 10

// depth is how many pieces are on the line at most: an answer may be written in many small ones.
// Their bytes are bounded by the belt.
const depth = 256

// line is one direction of a connection. What goes in comes out after the delay, and not faster
// than the caps.
type line struct {
	src, dst  *net.TCPConn
	delay     time.Duration
	notBefore time.Time // nothing goes in before
	caps      []*pacer
	bytes     *atomic.Int64
	last      *atomic.Int64
}

// piece is what is on the line.
type piece struct {
	n   int
	due time.Time
}

// run moves bytes until one of the sides ends.
func (l *line) run() {
	b, err := newBelt()
	if err != nil {
		l.src.Close()
		l.dst.Close()
		return
	}
	defer b.close()
	pieces := make(chan piece, depth)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.deliver(b, pieces)
	}()
	err = l.accept(b, pieces)
	close(pieces)
	<-done
	if errors.Is(err, io.EOF) {
		l.dst.CloseWrite() // fails only where the other side has gone
		return
	}
	l.src.Close()
	l.dst.Close()
}

func (l *line) accept(b *belt, pieces chan<- piece) error {
	for {
		n, err := b.load(l.src)
		if err != nil {
			return err
		}
		now := time.Now()
		if now.Before(l.notBefore) {
			now = l.notBefore
		}
		for _, c := range l.caps {
			now = c.reserve(now, n)
		}
		pieces <- piece{n, now.Add(l.delay)}
		// The line takes no more than its caps let through: a sender must not see its bytes gone
		// much faster than they travel.
		pause(now)
	}
}

func (l *line) deliver(b *belt, pieces <-chan piece) {
	broken := false
	for p := range pieces {
		if broken {
			continue
		}
		pause(p.due)
		if err := b.unload(l.dst, p.n); err != nil {
			broken = true
			l.src.Close() // ends accept
			close(b.gone)
			continue
		}
		l.bytes.Add(int64(p.n))
		l.last.Store(time.Now().UnixNano())
	}
}

// shortest is the shortest pause that is worth a timer. The pacer's clock keeps what is left out.
const shortest = 500 * time.Microsecond

func pause(until time.Time) {
	if d := time.Until(until); d > shortest {
		time.Sleep(d)
	}
}

// pacer tells when bytes may pass.
type pacer struct {
	rate float64 // bytes per second; 0: no cap

	mu   sync.Mutex
	next time.Time // when the line is free
}

// slack is what a line that was idle may catch up on. Timers are late by up to a millisecond, and
// without it the caps would be lower than they say.
const slack = 2 * time.Millisecond

func newPacer(rate float64) *pacer { return &pacer{rate: rate} }

// reserve returns when the last of n bytes that arrive at now has passed.
func (p *pacer) reserve(now time.Time, n int) time.Time {
	if p.rate == 0 {
		return now
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if earliest := now.Add(-slack); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
	return p.next
}
