package main

import (
	"sync"
	"time"

	"github.com/polystore/storage"
)

// window is the time over which the rate of a transfer is measured.
const window = 10 * time.Second

// meter counts what a command has transferred. A nil meter counts nothing.
type meter struct {
	now  func() time.Time
	tree bool // of more than one object

	mu      sync.Mutex // guards the following
	start   time.Time
	ended   time.Time // zero: the transfer goes on
	listing bool      // more objects may come
	bytes   int64     // transferred
	total   int64     // of the objects whose size is known
	unknown int       // objects whose size is not known

	objects, failed, expected int64

	// marks are earlier states, the oldest first. The first is what the rate is measured from.
	marks []mark
}

type mark struct {
	at             time.Time
	bytes, objects int64
}

func newMeter(tree bool, now func() time.Time) *meter {
	start := now()
	return &meter{now: now, tree: tree, start: start, listing: tree, marks: []mark{{at: start}}}
}

// add announces an object. The size is -1 if it is not known.
func (m *meter) add(size int64) *part {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expected++
	if size < 0 {
		m.unknown++
	} else {
		m.total += size
	}
	return &part{meter: m, size: size}
}

// listed says that no more objects come.
func (m *meter) listed() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listing = false
}

// end says that the command has ended.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = m.now()
}

// part is one object of a meter. A nil part counts nothing.
type part struct {
	meter      *meter
	done, size int64 // size is -1 while it is not known; both guarded by the meter's mu
}

// report is the Progress of the options of a transfer.
func (p *part) report() func(storage.Progress) {
	if p == nil {
		return nil
	}
	return func(now storage.Progress) {
		p.meter.mu.Lock()
		defer p.meter.mu.Unlock()
		p.meter.bytes += now.Done - p.done
		p.done = now.Done
		if now.Total >= 0 {
			p.resize(now.Total)
		}
	}
}

// expect says how large the object is.
func (p *part) expect(size int64) {
	p.meter.mu.Lock()
	defer p.meter.mu.Unlock()
	p.resize(size)
}

func (p *part) resize(size int64) {
	if p.size < 0 {
		p.meter.unknown--
		p.size = 0
	}
	p.meter.total += size - p.size
	p.size = size
}

// end says how the transfer of the object ended. What is left of one that failed is no longer to
// come, so it does not count in the total of a tree. A lone one stays where it stopped.
func (p *part) end(err error) {
	if p == nil {
		return
	}
	p.meter.mu.Lock()
	defer p.meter.mu.Unlock()
	if err != nil {
		p.meter.failed++
	} else {
		p.meter.objects++
	}
	if err == nil || p.meter.tree {
		p.resize(p.done)
	}
}

// state is what a meter shows.
type state struct {
	tree    bool
	listing bool // the totals are those so far
	final   bool // the command has ended

	elapsed                   time.Duration
	bytes, total              int64 // total is -1 while it is not known
	objects, failed, expected int64

	rate float64       // in bytes per second: of late, and in the end of the whole time
	left time.Duration // -1 while it cannot be told
}

func (m *meter) state() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, final := m.ended, !m.ended.IsZero()
	if !final {
		now = m.now()
	}
	s := state{
		tree: m.tree, listing: m.listing, final: final,
		elapsed: now.Sub(m.start),
		bytes:   m.bytes, total: m.total,
		objects: m.objects, failed: m.failed, expected: m.expected,
		left: -1,
	}
	if m.unknown > 0 || m.expected == 0 {
		s.total = -1
	}
	if final {
		s.rate = perSecond(m.bytes, s.elapsed)
		return s
	}
	base := m.base(now)
	s.rate = perSecond(m.bytes-base.bytes, now.Sub(base.at))
	if s.listing || s.total < 0 {
		return s
	}
	remaining, rate := s.total-s.bytes, s.rate
	if remaining <= 0 { // empty objects take their time, too
		remaining = s.expected - s.objects - s.failed
		rate = perSecond(m.objects-base.objects, now.Sub(base.at))
	}
	if rate > 0 {
		s.left = time.Duration(float64(remaining) / rate * float64(time.Second))
	}
	return s
}

// base notes the state of now, and returns the one that the rate is measured from: it is at least a
// window old, and older if nothing has moved since. An upload moves by whole parts.
func (m *meter) base(now time.Time) mark {
	differs := func(k mark) bool { return k.bytes != m.bytes || k.objects != m.objects }
	if differs(m.marks[len(m.marks)-1]) {
		m.marks = append(m.marks, mark{now, m.bytes, m.objects})
	}
	for len(m.marks) > 1 && now.Sub(m.marks[1].at) >= window && differs(m.marks[1]) {
		m.marks = m.marks[1:]
	}
	return m.marks[0]
}

func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
