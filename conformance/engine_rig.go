package conformance

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// Engine is the feature that a Bucket adds to every Store. It resolves lost answers, resumes broken
// reads, cuts stalled requests, bounds retries and cleans up. Its checks put the faults of package
// fault between the Bucket and the Store.
const Engine Feature = "engine"

// engineChecks is every check of the engine's own rules.
func engineChecks() []check {
	return slices.Concat(
		lostAnswerChecks(), truthChecks, writeIDChecks, uploadFaultChecks,
		resumeChecks, integrityChecks, stallChecks, retryChecks, hedgeChecks, hedgedPartChecks,
		cleanUpChecks, closeChecks,
	)
}

// rig is a Bucket around a Store that fails on command.
type rig struct {
	*env
	faults *fault.Store
	b      *storage.Bucket // its keys lie below the check's prefix
	part   int64           // PartSize: the smallest that the service takes
}

// rig makes a Bucket whose retries cost little time, and that makes no hedges, as those of
// env.bucket. change may set other options.
func (e *env) rig(change func(o *storage.Options)) *rig {
	f, o := fault.New(e.tracked), e.rigOptions(change)
	return &rig{env: e, faults: f, b: storage.New(f, o).Prefix(e.prefix), part: o.PartSize}
}

func (e *env) rigOptions(change func(o *storage.Options)) *storage.Options {
	o := &storage.Options{NoHedging: true, Retry: storage.RetryOptions{
		MinDelay: time.Millisecond,
		MaxDelay: 20 * time.Millisecond,
		Budget:   -1,
	}}
	limits := e.store.PartLimits(&storage.PutOptions{})
	o.PartSize = max(limits.Min, 64<<10)
	if m := limits.Multiple; m > 1 {
		o.PartSize = (o.PartSize + m - 1) / m * m
	}
	if change != nil {
		change(o)
	}
	return o
}

// rigged wraps a check that needs one rig with the default options.
func rigged(run func(ctx context.Context, r *rig) error) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error { return run(ctx, e.rig(nil)) }
}

// other is another program with the same bucket: its requests are neither faulty nor counted.
func (e *env) other() *storage.Bucket { return e.bucket(nil) }

// large is the smallest object that goes up in parts.
func (r *rig) large(seed uint64) []byte { return pattern(int(r.part)+1000, seed) }

// script forgets what was called and lets the next calls of op meet faults.
func (r *rig) script(op string, faults ...fault.Fault) {
	r.faults.Reset()
	r.faults.Next(op, faults...)
}

// always lets every call of op meet f from now on.
func (r *rig) always(op string, f fault.Fault) {
	r.faults.Add(fault.Rule{Op: op, Times: fault.Always, Fault: f})
}

// called notes that op was not called n times.
func (r *rig) called(what, op string, n int) {
	if got := r.faults.Count(op); got != n {
		r.errorf("%s: %d calls of %s, want %d", what, got, op, n)
	}
}

// wrote notes that a write of data did not succeed, or that its result is not what is stored now.
func (r *rig) wrote(
	ctx context.Context, what, name string, o *storage.Object, err error, data []byte,
) {
	if !r.got(what, err, nil) {
		return
	}
	r.holds(ctx, r.key(name), data)
	st, err := r.stat(ctx, r.key(name), nil)
	if !r.got(what+": Stat", err, nil) {
		return
	}
	if o == nil || o.ETag != st.ETag || o.Key != name {
		r.errorf("%s = %+v, but Stat says ETag %s", what, o, st.ETag)
	}
}

// refused notes that err is not of the kind, or is in doubt.
func (r *rig) refused(what string, err, kind error) {
	if r.got(what, err, kind) {
		r.inDoubt(what, err, false)
	}
}

// inDoubt notes that err does not say whether the request may have been carried out.
func (r *rig) inDoubt(what string, err error, want bool) {
	var e *storage.Error
	if !errors.As(err, &e) {
		r.errorf("%s: %w is no *storage.Error", what, err)
	} else if e.InDoubt != want {
		r.errorf("%s: %w: InDoubt is %v, want %v", what, err, e.InDoubt, want)
	}
}

// noUploads notes that an upload was left behind.
func (r *rig) noUploads(what string) {
	if n := r.tracked.open(); n != 0 {
		r.errorf("%s: %d uploads are left behind", what, n)
	}
}

// onlyRead hides everything but Read.
type onlyRead struct{ io.Reader }

// idle waits, unless ctx ends.
func (r *rig) idle(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
