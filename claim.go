package storage

// claim is what a write leaves in its object so that it can be told afterwards whether it happened
// (rule 11).
type claim struct {
	key    string  // as the Store sees it
	id     string  // of this write; empty for an unconditional write in one request
	base   lineage // of the version that IfMatch names, as far as it has been seen
	mine   lineage // what the object says if the write happened
	absent bool
	etag   string // IfMatch; empty: none
}

// claim prepares a write under condition. always asks for an ID also without a condition: an
// upload's CompleteUpload, which consumes the upload, can lose its answer, too.
func (e *engine) claim(key string, ifAbsent bool, ifMatch string, always bool) *claim {
	c := &claim{key: key, absent: ifAbsent, etag: ifMatch}
	if !ifAbsent && ifMatch == "" && !always {
		return c
	}
	c.id = newWriteID()
	if c.etag != "" {
		c.base = e.seen.get(key, ifMatch)
	}
	if c.absent {
		c.mine = created(c.id)
	} else {
		c.mine = c.base.then(c.id)
	}
	return c
}

// conditional reports whether the write is one that must tell the truth.
func (c *claim) conditional() bool { return c.absent || c.etag != "" }

// metadata is m with the entry of the claim.
func (c *claim) metadata(m map[string]string) map[string]string {
	if c.id == "" {
		return m
	}
	return withEntry(m, c.key, c.mine)
}

// written takes over the object that a write made.
func (e *engine) written(c *claim, o *Object, size int64) *Object {
	e.admit(o, c.key)
	if o.Size < 0 {
		o.Size = size
	}
	if c.id != "" {
		e.seen.add(c.key, o.ETag, c.mine)
	}
	return o
}

// verdict is what a look at the object tells of a write.
type verdict int

const (
	unclear  verdict = iota // nobody can tell
	happened                // and the object is still as the write made it
	replaced                // it happened, and there is another version now
	refused                 // it did not happen, and cannot any more
	pending                 // it has not happened yet: what it is to be made upon is there
	stale                   // the look may be an older one, or the object was rewritten: look again
)

// judge says what became of the write if the object is o with the lineage l; o is nil where there
// is none. denied says that the service's last word was that the condition does not hold.
//
// The order is that of docs/contract.md, rule 11. It is right as long as the assumptions at
// PutOptions.IfAbsent hold.
func (c *claim) judge(o *Object, l lineage, denied bool) verdict {
	switch {
	case l.newest() == c.id:
		return happened
	case l.has(c.id):
		return replaced
	case !c.conditional() && denied:
		return unclear
	case !c.conditional(), c.absent && o == nil, c.etag != "" && o != nil && o.ETag == c.etag:
		if denied {
			return stale
		}
		return pending
	case o == nil, len(l.ids) == 0:
		return unclear
	case c.absent:
		if l.created {
			return refused
		}
		return unclear
	}
	return c.judgeBase(l)
}

// judgeBase is judge for an IfMatch whose base is not there any more.
func (c *claim) judgeBase(l lineage) verdict {
	base := c.base.newest()
	switch {
	case base == "" && l.whole():
		return refused
	case base == "":
		return unclear
	case l.successor(base) != "":
		return refused
	case l.has(base) && l.newest() != base:
		return unclear // a gap behind the base
	}
	return stale
}

// isRefusal reports whether err is the answer of the service that a conditional write cannot
// happen.
func isRefusal(err error) bool {
	return isKind(err, ErrExist) || isKind(err, ErrPrecondition) || isKind(err, ErrNotExist)
}

// refusal is the kind of a conditional write's refusal.
func (c *claim) refusal() error {
	if c.absent {
		return ErrExist
	}
	return ErrPrecondition
}
