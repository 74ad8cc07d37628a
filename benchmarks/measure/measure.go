// Package measure tells what a piece of work costs the process that does it.
package measure

import (
	"runtime"
	"runtime/debug"
	"time"
)

// Result is what one run of one subject cost. The zero value of a field means that it is unknown,
// except for Seconds and CPU.
type Result struct {
	Seconds float64 // of wall time
	CPU     float64 // seconds, user and system
	Base    int64   // resident set of the process before the work, in bytes
	Peak    int64   // its largest resident set in the work
	Bytes   int64   // moved
	Ops     int64   // small operations, of all passes
	Passes  int64   // how often the work was done; 0: once
	Allocs  int64   // allocations of the Go heap
	Heap    int64   // bytes that were allocated on it

	// Times has the seconds of each single operation, where the row looks at them.
	Times []float64 `json:",omitempty"`

	Err string `json:",omitempty"` // why there is no result
}

// Span is the time in which the work is measured.
type Span struct {
	begin time.Time
	cpu   time.Duration
	base  int64
	mem   runtime.MemStats
}

// Begin starts to measure. What was allocated before is collected first.
func Begin() *Span {
	debug.FreeOSMemory()
	resetPeak()
	s := &Span{base: resident("VmRSS:")}
	runtime.ReadMemStats(&s.mem)
	s.cpu = cpuTime()
	s.begin = time.Now()
	return s
}

// End fills what it measured into r.
func (s *Span) End(r *Result) {
	r.Seconds = time.Since(s.begin).Seconds()
	r.CPU = (cpuTime() - s.cpu).Seconds()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	r.Allocs = int64(mem.Mallocs - s.mem.Mallocs)
	r.Heap = int64(mem.TotalAlloc - s.mem.TotalAlloc)
	r.Base, r.Peak = s.base, resident("VmHWM:")
}
