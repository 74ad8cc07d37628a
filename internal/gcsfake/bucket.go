package gcsfake

import (
	"slices"
	"sync"
	"time"
)

// bucket holds objects and unfinished XML uploads. Its mutex is held for moments only: never while
// a body is read or written.
type bucket struct {
	name    string
	created time.Time

	mu             sync.Mutex
	metageneration int64
	updated        time.Time
	location       string
	storageClass   string
	versioning     bool
	objects        map[string]*history
	names          []string // the keys of objects, in byte order
	uploads        map[string]*upload
	gone           bool // deleted

	completing sync.Mutex // from the end of an upload until its object is there; taken before mu
}

// history is what a bucket holds under one name; it is never empty.
type history struct {
	live       *object
	noncurrent []*object // oldest first
}

func newBucket(name string, now time.Time) *bucket {
	return &bucket{
		name: name, created: now, updated: now, metageneration: 1, location: "US",
		storageClass: "STANDARD",
		objects:      map[string]*history{}, uploads: map[string]*upload{},
	}
}

// find returns the live object, or the generation asked for if that is not zero. The caller holds
// b.mu.
func (b *bucket) find(name string, generation int64) *object {
	h := b.objects[name]
	if h == nil {
		return nil
	}
	if generation == 0 {
		return h.live
	}
	if h.live != nil && h.live.generation == generation {
		return h.live
	}
	if i := h.index(generation); i >= 0 {
		return h.noncurrent[i]
	}
	return nil
}

func (h *history) index(generation int64) int {
	return slices.IndexFunc(h.noncurrent,
		func(o *object) bool { return o.generation == generation })
}

// get returns an object that passes c, or the error of one that is missing or does not.
func (b *bucket) get(name string, generation int64, c *conditions) (*object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.check(name, generation, c)
}

// check is get for a caller who holds b.mu.
func (b *bucket) check(name string, generation int64, c *conditions) (*object, error) {
	o := b.find(name, generation)
	if o == nil {
		// A missing object is 404 whatever the conditions are, where it is not about to be written.
		return nil, errNoObject(b.name, name)
	}
	return o, c.check(o)
}

// commit makes o the live object if c holds for the one that is there, all at once. The generation
// is given here, so that generations of a name grow in the order of its writes.
func (s *Server) commit(b *bucket, o *object, c *conditions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return errNoBucket()
	}
	old := b.find(o.name, 0)
	if err := c.check(old); err != nil {
		return err
	}
	if err := old.held(); err != nil {
		return err
	}
	now := s.now()
	o.bucket, o.generation, o.metageneration = b.name, s.nextGeneration(), 1
	o.created, o.updated, o.classUpdated = now, now, now
	o.contexts = o.contexts.stamped(nil, now)
	if o.storageClass == "" {
		o.storageClass = b.storageClass
	}
	b.archive(o.name, now)
	b.put(o)
	return nil
}

// archive takes the live object away: versioning keeps it as a noncurrent one (object-versioning).
func (b *bucket) archive(name string, now time.Time) {
	h := b.objects[name]
	if h == nil || h.live == nil {
		return
	}
	if b.versioning {
		old := *h.live
		old.deleted = now
		h.noncurrent = append(h.noncurrent, &old)
	}
	h.live = nil
	b.trim(name)
}

// put makes o the live object. The caller holds b.mu.
func (b *bucket) put(o *object) {
	h := b.objects[o.name]
	if h == nil {
		h = &history{}
		b.objects[o.name] = h
		i, _ := slices.BinarySearch(b.names, o.name)
		b.names = slices.Insert(b.names, i, o.name)
	}
	h.live = o
}

// replace puts a changed copy in the place of the object of the same generation, which is there.
// The caller holds b.mu.
func (b *bucket) replace(o *object) {
	h := b.objects[o.name]
	if i := h.index(o.generation); i >= 0 {
		h.noncurrent[i] = o
		return
	}
	h.live = o
}

// erase takes one generation away for good. The caller holds b.mu.
func (b *bucket) erase(o *object) {
	h := b.objects[o.name]
	if i := h.index(o.generation); i >= 0 {
		h.noncurrent = slices.Delete(h.noncurrent, i, i+1)
	} else {
		h.live = nil
	}
	b.trim(o.name)
}

// trim forgets a name that holds nothing.
func (b *bucket) trim(name string) {
	if h := b.objects[name]; h.live != nil || len(h.noncurrent) > 0 {
		return
	}
	delete(b.objects, name)
	if i, found := slices.BinarySearch(b.names, name); found {
		b.names = slices.Delete(b.names, i, i+1)
	}
}
