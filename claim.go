package storage

import "context"

// claim is what a write leaves in its object so that it can be told afterwards whether it happened (rule 11).
type claim struct {
	key    string  // as the Store sees it
	id     string  // of this write; empty: an unconditional write in one request, which leaves nothing
	base   lineage // of the version that IfMatch names, as far as the Bucket has seen it
	mine   lineage // what the object says if the write happened
	absent bool
	match  bool
}

// claim prepares a write under condition. always asks for an ID also without a condition: an upload's CompleteUpload, which
// consumes the upload, can lose its answer, too.
func (b *Bucket) claim(key string, ifAbsent bool, ifMatch string, always bool) *claim {
	c := &claim{key: key, absent: ifAbsent, match: ifMatch != ""}
	if !ifAbsent && ifMatch == "" && !always {
		return c
	}
	c.id = newWriteID()
	if c.match {
		c.base = b.seen.get(key, ifMatch)
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

// written notes the new object and makes it the caller's.
func (b *Bucket) written(c *claim, o *Object, size int64) *Object {
	o, _ = b.caller(o, c.key)
	if o.Size < 0 {
		o.Size = size
	}
	if c.id != "" {
		b.seen.add(c.key, o.ETag, c.mine)
	}
	return o
}

// settle finds out what became of a write that failed with err: it returns the object if the write happened after all, and
// otherwise an error that is true. refused says that the service's last word was that the write cannot happen (any more).
//
// Without doubt the answer is believed at once, at no cost; otherwise one look at the object decides.
func (b *Bucket) settle(ctx context.Context, c *claim, err error, refused bool, size int64) (*Object, error) {
	e := asError(err)
	if !e.InDoubt || c.id == "" || off.settle {
		return nil, e
	}
	if ctx.Err() == nil && b.closing.Err() == nil {
		o, l, lookErr := b.look(ctx, c.key)
		if lookErr == nil {
			switch {
			case l.newest() == c.id:
				return b.written(c, o, size), nil
			case l.has(c.id):
				return &Object{Key: c.key[len(b.prefix):], Size: size, ETag: ETagNone}, nil // replaced already
			case c.absent && l.created:
				return nil, decided(e, ErrExist)
			case c.match && l.hasAllSince(c.base.newest()) && (refused || l.newest() != c.base.newest()):
				return nil, decided(e, ErrPrecondition)
			}
		}
	}
	if c.conditional() || refused || ctx.Err() != nil {
		u := *e
		u.Kind = ErrUnknownOutcome
		if err := ctx.Err(); err != nil {
			u.Err = err
		} else if u.Err == nil {
			u.Err = e.Kind
		}
		return nil, &u
	}
	return nil, e
}

func decided(e *Error, kind error) *Error {
	d := *e
	d.Kind, d.InDoubt = kind, false
	return &d
}

// look reads what is there now, by one Stat.
func (b *Bucket) look(ctx context.Context, key string) (*Object, lineage, error) {
	var o *Object
	err := b.do(ctx, call{op: "Stat", key: key}, func(a *attempt) (err error) {
		o, err = b.store.Stat(a, key, &StatOptions{})
		return err
	})
	if err != nil {
		return nil, lineage{}, err
	}
	o, l := b.caller(o, key)
	return o, l, nil
}

// isRefusal reports whether err is the service's word that a conditional write cannot happen.
func isRefusal(err error) bool {
	return isKind(err, ErrExist) || isKind(err, ErrPrecondition) || isKind(err, ErrNotExist)
}
