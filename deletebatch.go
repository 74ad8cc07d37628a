package storage

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// deletion deletes many keys, and gathers what became of them.
type deletion struct {
	e      *engine
	name   func(key string) string // the caller's, of the Store's
	lanes  lanes                   // of batches
	mu     sync.Mutex
	gone   int
	failed *DeleteError
	kind   error     // of all that failed; nil: they are of several, or of none
	doubt  bool      // any that failed may be gone all the same
	flying int       // batches
	ended  sync.Cond // one of them
	again  []asked   // keys that are to be asked for again
}

func newDeletion(b *Bucket, workers int) *deletion {
	d := &deletion{
		e: b.e, name: b.name, lanes: lanes{width: workers}, failed: new(DeleteError),
	}
	d.ended.L = &d.mu
	return d
}

// result is what the call returns; broken is why not every key was tried.
func (d *deletion) result(ctx context.Context, broken error) (int, error) {
	switch {
	case broken != nil:
		e := asError(broken)
		e.InDoubt = d.doubt
		if e = ended(ctx, e); d.failed.Failed > 0 {
			e.Err = errors.Join(e.Err, d.failed)
		}
		return d.gone, e
	case d.failed.Failed > 0:
		return d.gone, &Error{Kind: d.kind, InDoubt: d.doubt, Err: d.failed}
	}
	return d.gone, nil
}

// fail notes that a key was not deleted. What it says of the call counts also where the key is not
// named any more.
func (d *deletion) fail(key string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := wrap("Delete", key, err).(*Error)
	if d.failed.Failed == 0 {
		d.kind = e.Kind
	} else if d.kind != e.Kind {
		d.kind = nil
	}
	d.doubt = d.doubt || e.InDoubt
	d.failed.add(e)
}

// deleted counts the keys that are gone, and returns how many that are in all.
func (d *deletion) deleted(results []error) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, err := range results {
		if err == nil {
			d.gone++
		}
	}
	return d.gone
}

// asked is a key, and what became of it in earlier batches.
type asked struct {
	key    string // as the Store sees it
	tries  int
	failed int    // tries that count as attempts
	gone   int    // keys, when it was last throttled
	doubt  bool   // it may be gone
	err    *Error // the last failure, which may pass; nil: there was none
}

// batch deletes keys by one request. Those whose failure may pass are asked for again, in a later
// batch.
func (d *deletion) batch(ctx context.Context, keys []asked) {
	d.ask(ctx, keys, func(err error) {
		// Where a key may be the reason, it is found by smaller batches: as many as the square root
		// of the number of keys, and as large.
		size := min(int(math.Ceil(math.Sqrt(float64(len(keys))))), len(keys)-1)
		if isKind(err, ErrPermission) || isKind(err, errors.ErrUnsupported) {
			size = 1 // batches may be what is refused
		}
		for piece := range slices.Chunk(keys, size) {
			d.ask(ctx, piece, func(error) {
				for k := range slices.Chunk(piece, 1) {
					d.ask(ctx, k, nil)
				}
			})
		}
	})
}

// ask makes the request for keys. It calls refused if the service refuses several as a whole.
func (d *deletion) ask(ctx context.Context, keys []asked, refused func(error)) {
	results, err := d.request(ctx, keys)
	switch {
	case err == nil:
	case len(keys) == 1, isPassing(asError(err)), isKind(err, ErrNoBucket),
		isKind(err, ErrClosed), ctx.Err() != nil:
		results = slices.Repeat([]error{err}, len(keys))
	default:
		refused(err)
		return
	}
	d.sort(ctx, keys, results)
}

// request makes one request. It is not tried again: that is up to sort.
func (d *deletion) request(ctx context.Context, keys []asked) (results []error, err error) {
	if len(keys) == 1 {
		key := keys[0].key
		c := call{op: "Delete", key: key, write: true, once: true}
		return make([]error, 1), d.e.do(ctx, c, func(a *attempt) error {
			age := d.lanes.now()
			err := d.e.store.Delete(a, key, &DeleteOptions{})
			d.pace(age, []error{err})
			return err
		})
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.key
	}
	c := call{op: "DeleteBatch", write: true, probe: true, once: true}
	err = d.e.do(ctx, c, func(a *attempt) (err error) {
		age := d.lanes.now()
		results, err = d.e.store.DeleteBatch(a, names, &DeleteBatchOptions{})
		if err == nil && results == nil {
			results = make([]error, len(keys))
		}
		if err == nil && len(results) != len(keys) {
			err = &Error{Kind: ErrIntegrity, Err: errors.New(
				"the batch response does not have one entry per key")}
		}
		d.pace(age, append(results, err))
		return err
	})
	return results, err
}

// pace makes the lanes fewer if any of errs asks for it, and otherwise more.
func (d *deletion) pace(age int, errs []error) {
	for _, err := range errs {
		if isKind(err, ErrThrottled) {
			d.lanes.refused(age)
			return
		}
	}
	d.lanes.carried(age)
}

// sort notes what became of each key of a request. What failed and may pass comes again, after a
// pause.
//
// A failure counts as an attempt, but not one by throttling while other keys go: it shows only that
// there were too many at once, which the lanes see to.
func (d *deletion) sort(ctx context.Context, keys []asked, results []error) {
	var again []asked
	most, after := 1, time.Duration(0)
	gone := d.deleted(results)
	for i, k := range keys {
		if results[i] == nil {
			continue
		}
		e := asError(results[i])
		k.tries++
		switch {
		case isPassing(e):
			if k.failed++; e.Kind == ErrThrottled && gone > k.gone {
				k.failed, k.gone = 0, gone
			}
			k.doubt, k.err = k.doubt || e.InDoubt, e
			again = append(again, k)
			most, after = max(most, k.failed), max(after, e.RetryAfter)
		case e.Kind == nil && len(keys) > 1 && ctx.Err() == nil:
			d.ask(ctx, keys[i:i+1], nil) // alone it gets its own reason
		default:
			d.lost(k, e)
		}
	}
	if len(again) == 0 {
		return
	}
	lost := again
	if !d.e.off.retry && d.e.pause(ctx, d.e.closing.Done(), most, after) {
		lost = nil
		d.mu.Lock()
		for _, k := range again {
			if k.failed < d.e.opts.Retry.Attempts {
				d.again = append(d.again, k)
			} else {
				lost = append(lost, k)
			}
		}
		d.mu.Unlock()
	}
	d.giveUp(lost)
}

// send deletes a batch of keys in a goroutine of g, as soon as there is a lane. It returns false if
// nothing more is to be sent. A batch of keys of which each has had an attempt is a retry, and is
// paid as one.
func (d *deletion) send(g *group, keys []asked) bool {
	again := !slices.ContainsFunc(keys, func(k asked) bool { return k.failed == 0 })
	if again && !d.e.credit.spend() {
		d.giveUp(keys)
		return true
	}
	if !d.lanes.enter(g.ctx) {
		d.giveUp(keys)
		return false
	}
	d.flies(1)
	over := func() {
		d.lanes.leave()
		d.flies(-1)
	}
	if !g.start(0, func(ctx context.Context) error {
		defer over()
		d.batch(ctx, keys)
		return nil
	}) {
		over()
		d.giveUp(keys)
		return false
	}
	return true
}

// giveUp notes the failures of keys that are not asked for again.
func (d *deletion) giveUp(keys []asked) {
	for _, k := range keys {
		if k.err != nil {
			d.lost(k, k.err)
		}
	}
}

// flies counts the batches under way.
func (d *deletion) flies(by int) {
	d.mu.Lock()
	d.flying += by
	d.ended.Broadcast()
	d.mu.Unlock()
}

// back takes keys that are to be asked for again, at most n. At the end of the sequence it waits
// until they make a batch, or no more can come.
func (d *deletion) back(n int, end bool) []asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	for end && len(d.again) < n && d.flying > 0 {
		d.ended.Wait()
	}
	keys := slices.Clone(d.again[:min(n, len(d.again))])
	d.again = slices.Delete(d.again, 0, len(keys))
	return keys
}

// lost notes a key that failed with err, and may be gone if it was ever in doubt.
func (d *deletion) lost(k asked, err error) {
	e := asError(err)
	e.InDoubt, e.Attempts = e.InDoubt || k.doubt, max(k.tries, 1)
	d.fail(d.name(k.key), e)
}
