package storage

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// engine stands between Buckets and a Store. It implements what must hold on every provider:
// retries, lost answers, pinned reads, parts, memory, clean-up. It uses only the keys of the Store.
// A Bucket is a view of an engine, which adds a prefix and the names that callers use.
type engine struct {
	raw     Store
	store   FullStore
	opts    Options // filled in
	credit  credit
	hold    hold
	memory  budget
	buffers buffers
	down    flow  // of ranges
	up      flow  // of parts
	across  flow  // of parts that the service copies itself
	span    int64 // of a range
	chosen  bool  // the caller chose PartSize, and ranges have it, too
	caches  caches
	seen    history
	reads   tempo // of Get
	parts   partTempo
	ranges  partTempo
	pace    *pacer
	off     switches
	syncDir func(dir string) error

	closing context.Context // ends when the Store is closed
	end     context.CancelCauseFunc

	mu       sync.Mutex
	uploads  map[aborter]struct{} // what close has to abort
	requests map[cutter]struct{}  // what close has to cut
}

// aborter is an upload under way.
type aborter interface{ abort() }

// errClosing is why an attempt was cut because its Bucket was closed. It is never the cause of a
// caller's own context, which fs.ErrClosed may be.
var errClosing = errors.New("the bucket was closed")

// cutter is a request under way that somebody waits for.
type cutter interface{ cut(cause error) }

// switches disable parts of the engine, for tests that show that each part is needed. Only a Store
// of the tests of this package can set them.
type switches struct {
	settle bool // lost answers are not looked into
	pin    bool // reads go on with whatever version is there
	resume bool // broken reads are not taken up
	length bool // a short body passes
	verify bool // checksums are not checked
	stall  bool // nothing is cut
	retry  bool // nothing is tried again
	abort  bool // uploads are left behind
	hold   bool // nothing is held back
	aside  bool // a source that blocks is waited for
	again  bool // an upload that somebody ended is not made again
	repeat bool // a slow part is sent twice whatever becomes of its ETag
}

func newEngine(s Store, opts *Options) *engine {
	e := &engine{
		raw: s, store: Full(s), off: switchedOff(s), syncDir: syncDir,
		uploads: make(map[aborter]struct{}), requests: make(map[cutter]struct{}),
	}
	if opts != nil {
		e.opts = *opts
	}
	o := &e.opts
	setDefault(&o.Retry.Attempts, 4)
	setDefault(&o.Retry.MinDelay, 100*time.Millisecond)
	setDefault(&o.Retry.MaxDelay, 20*time.Second)
	setDefault(&o.Retry.Budget, 100)
	setDefault(&o.StallTimeout, 30*time.Second)
	setDefault(&o.AbortTimeout, 5*time.Second)
	o.Concurrency = max(o.Concurrency, 0) // negative values mean the default
	o.PartSize = max(o.PartSize, 0)
	e.span, e.chosen = o.PartSize, o.PartSize > 0
	setDefault(&o.Memory, 128<<20)
	setDefault(&o.Concurrency, 32)
	setDefault(&o.PartSize, 8<<20)
	setDefault(&e.span, 2*chunkSize)
	e.down.most, e.up.most, e.across.most = o.Concurrency, o.Concurrency, o.Concurrency
	e.credit.limit = o.Retry.Budget
	e.hold.max = max(o.Retry.MaxDelay, 0)
	e.memory.init(o.Memory)
	e.caches.init(&e.memory, o.Memory)
	if o.Bandwidth > 0 {
		e.pace = newPacer(o.Bandwidth)
	}
	e.closing, e.end = context.WithCancelCause(context.Background())
	return e
}

// switchedOff returns the switches of a Store below its wrappers. Outside of tests there are none.
func switchedOff(s Store) switches {
	for s != nil {
		if t, ok := s.(interface{ switchedOff() switches }); ok {
			return t.switchedOff()
		}
		w, ok := s.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		s = w.Unwrap()
	}
	return switches{}
}

// close cuts the calls under way, aborts the uploads of Writers and closes the Store.
func (e *engine) close() error {
	if e.closing.Err() != nil {
		return nil
	}
	e.end(ErrClosed)
	e.mu.Lock()
	uploads := slices.Collect(maps.Keys(e.uploads))
	requests := slices.Collect(maps.Keys(e.requests))
	e.mu.Unlock()
	for _, r := range requests {
		r.cut(errClosing)
	}
	var aborts sync.WaitGroup // at once: each can take AbortTimeout
	for _, u := range uploads {
		aborts.Go(u.abort)
	}
	aborts.Wait()
	return e.store.Close()
}

// begun notes an upload that close would have to abort.
func (e *engine) begun(u aborter) {
	e.mu.Lock()
	e.uploads[u] = struct{}{}
	e.mu.Unlock()
}

// runs notes a request that close would have to cut. It returns false if the engine is closed.
func (e *engine) runs(r cutter) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing.Err() != nil {
		return false
	}
	e.requests[r] = struct{}{}
	return true
}

// ran forgets a request.
func (e *engine) ran(r cutter) {
	e.mu.Lock()
	delete(e.requests, r)
	e.mu.Unlock()
}

// over forgets an upload.
func (e *engine) over(u aborter) {
	e.mu.Lock()
	delete(e.uploads, u)
	e.mu.Unlock()
}

// admit takes over an object that came from the Store under key: the write ID's entry is taken out
// of its metadata, remembered and returned.
func (e *engine) admit(o *Object, key string) lineage {
	o.Key = key
	l := takeEntry(o, key)
	if o.ETag == "" {
		o.ETag = ETagNone
	}
	if len(l.ids) > 0 {
		e.seen.add(key, o.ETag, l)
	}
	return l
}

// flowOf is the flow that requests of this name belong to; nil: none.
func (e *engine) flowOf(op string) *flow {
	switch op {
	case "Get":
		return &e.down
	case "PutPart":
		return &e.up
	case "CopyPart":
		return &e.across
	}
	return nil
}

// answered notes that the service answered a request that began then, and that carried nothing.
func (e *engine) answered(began time.Time) {
	trip := time.Since(began)
	e.down.answered(trip)
	e.up.answered(trip)
}
