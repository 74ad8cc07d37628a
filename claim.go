package storage

import "context"

// claim is what a write leaves in its object, so that a later look can tell whether the write
// happened (rule 11).
type claim struct {
	key    string  // as the Store sees it
	id     string  // of this write; empty for an unconditional write in one request
	base   lineage // of the version that IfMatch names, as far as it has been seen
	mine   lineage // what the object says if the write happened
	absent bool
	match  bool
}

// claim prepares a write under condition. always asks for an ID also without a condition: an
// upload's CompleteUpload, which consumes the upload, can lose its answer, too.
func (e *engine) claim(key string, ifAbsent bool, ifMatch string, always bool) *claim {
	c := &claim{key: key, absent: ifAbsent, match: ifMatch != ""}
	if !ifAbsent && ifMatch == "" && !always {
		return c
	}
	c.id = newWriteID()
	if c.match {
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
func (c *claim) conditional() bool { return c.absent || c.match }

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

// settle finds out what became of a write that failed with err. It returns the object if the write
// happened after all, and otherwise the true error. refused tells that the service's last answer
// was that the write cannot happen.
//
// If nothing is in doubt, the answer is believed without a request. Otherwise one Stat of the
// object decides.
func (e *engine) settle(
	ctx context.Context, c *claim, err error, refused bool, size int64,
) (*Object, error) {
	failure := asError(err)
	if !failure.InDoubt || c.id == "" || e.off.settle {
		return nil, failure
	}
	if ctx.Err() == nil && e.closing.Err() == nil {
		if o, l, err := e.stat(ctx, c.key, StatOptions{}); err == nil {
			switch {
			case l.newest() == c.id:
				return e.written(c, o, size), nil
			case l.has(c.id):
				return &Object{Key: c.key, Size: size, ETag: ETagNone}, nil // replaced already
			case c.absent && l.created:
				return nil, decided(failure, ErrExist)
			case c.match && l.hasAllSince(c.base.newest()) &&
				(refused || l.newest() != c.base.newest()):
				return nil, decided(failure, ErrPrecondition)
			}
		}
	}
	if c.conditional() || refused || ctx.Err() != nil {
		return nil, unknown(failure, ctx.Err())
	}
	return nil, failure
}

// decided returns e as a refusal of the given kind that is certain.
func decided(e *Error, kind error) *Error {
	d := *e
	d.Kind, d.InDoubt = kind, false
	return &d
}

// unknown returns e as ErrUnknownOutcome. cause is the context's error if the context has ended.
func unknown(e *Error, cause error) *Error {
	u := *e
	u.Kind = ErrUnknownOutcome
	if cause != nil {
		u.Err = cause
	} else if u.Err == nil {
		u.Err = e.Kind
	}
	return &u
}

// isRefusal reports whether err is the answer of the service that a conditional write cannot
// happen.
func isRefusal(err error) bool {
	return isKind(err, ErrExist) || isKind(err, ErrPrecondition) || isKind(err, ErrNotExist)
}
