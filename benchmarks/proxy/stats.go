package proxy

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats is what the connections did since the last Reset.
type Stats struct {
	Conns    int     // connections that were opened
	Peak     int     // most connections that were open at a time
	Up, Down int64   // bytes
	Active   []int   // connections that moved bytes, every Interval
	Interval float64 // in seconds
}

const (
	interval = 50 * time.Millisecond
	recent   = 150 * time.Millisecond // how long a connection counts as active
)

type stats struct {
	up, down atomic.Int64

	mu     sync.Mutex
	conns  map[*atomic.Int64]struct{}
	opened int
	peak   int
	active []int
}

func (s *stats) open(last *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = make(map[*atomic.Int64]struct{})
	}
	s.conns[last] = struct{}{}
	s.opened++
	s.peak = max(s.peak, len(s.conns))
}

func (s *stats) closed(last *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, last)
}

// maxSamples is an hour of samples.
const maxSamples = int(time.Hour / interval)

// sample counts the active connections until ended is closed.
func (s *stats) sample(ended <-chan struct{}) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		var now time.Time
		select {
		case now = <-tick.C:
		case <-ended:
			return
		}
		s.mu.Lock()
		n := 0
		for last := range s.conns {
			if now.UnixNano()-last.Load() < int64(recent) {
				n++
			}
		}
		if len(s.active) < maxSamples && s.opened > 0 {
			s.active = append(s.active, n)
		}
		s.mu.Unlock()
	}
}

// Reset begins the statistics anew. Connections that are open do not count as opened.
func (p *Proxy) Reset() {
	s := &p.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up.Store(0)
	s.down.Store(0)
	s.opened, s.peak, s.active = 0, len(s.conns), nil
}

// Stats returns what happened since the last Reset.
func (p *Proxy) Stats() Stats {
	s := &p.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Conns: s.opened, Peak: s.peak, Up: s.up.Load(), Down: s.down.Load(),
		Active: append([]int(nil), s.active...), Interval: interval.Seconds(),
	}
}
