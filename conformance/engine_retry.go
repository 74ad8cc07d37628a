package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var retryChecks = []check{
	{
		name: "engine/retried", feature: Engine,
		rule: "rule 26: reads, stats, lists, deletes and writes that found the service " +
			"unavailable or throttled are tried again",
		run: rigged(retried),
	},
	{
		name: "engine/not-retried", feature: Engine,
		rule: "rule 26: what the service refuses for good is not tried again",
		run:  rigged(notRetried),
	},
	{
		name: "engine/attempts", feature: Engine,
		rule: "rule 26: attempts are bounded, and the error tells how many there were",
		run: func(ctx context.Context, e *env) error {
			for _, attempts := range []int{1, 3} {
				r := e.rig(func(o *storage.Options) { o.Retry.Attempts = attempts })
				r.always("Put", fault.Unsent())
				_, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
				what := fmt.Sprintf("Put that is never sent, %d attempts", attempts)
				r.refused(what, err, storage.ErrUnavailable)
				r.called(what, "Put", attempts)
				var se *storage.Error
				if errors.As(err, &se) &&
					(se.Attempts != attempts || se.Op != "Put" || se.Key != "k") {
					r.errorf("%s: %+v, want Op Put, Key k, Attempts %d", what, se, attempts)
				}
				if !errors.Is(err, fault.ErrUnsent) {
					r.errorf("%s: %w does not give its cause", what, err)
				}
			}
			r := e.rig(nil)
			r.faults.Next("Put", fault.Unsent())
			o, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
			r.wrote(ctx, "Put at the second attempt", "k", o, err, []byte("k"))
			return nil
		},
	},
	{
		name: "engine/budget", feature: Engine,
		rule: "rule 26: the retries of a Bucket are bounded together, so that a service in " +
			"trouble is not asked four times as often",
		covers: []string{"RetryOptions.Budget"},
		run: func(ctx context.Context, e *env) error {
			r := e.rig(func(o *storage.Options) { o.Retry.Budget = 5 })
			r.always("Stat", fault.Throttle(0))
			for range 10 {
				_, err := r.b.Stat(ctx, "k", nil)
				r.got("Stat that is always throttled", err, storage.ErrThrottled)
			}
			r.called("10 Stats with a budget of 5 retries", "Stat", 15)
			o, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
			r.wrote(ctx, "Put afterwards", "k", o, err, []byte("k"))
			return nil
		},
	},
	{
		name: "engine/retry-after", feature: Engine,
		rule: "rule 26: the service's Retry-After is waited for, up to MaxDelay and never past " +
			"the context's deadline",
		run: retryAfter,
	},
	{
		name: "engine/held", feature: Engine,
		rule: "rule 26: the service's Retry-After holds the first attempts of other calls, too, " +
			"until a probe succeeds",
		run: held,
	},
	{
		name: "engine/list-again", feature: Engine,
		rule: "rule 26: a page of a list that fails is asked for again, and the list shows every " +
			"key once",
		run: rigged(func(ctx context.Context, r *rig) error {
			var want []string
			for i := range 5 {
				name := fmt.Sprint("k", i)
				if _, err := r.put(ctx, r.key(name), []byte(name), nil); err != nil {
					return err
				}
				want = append(want, name)
			}
			one := storage.ListOptions{PageSize: 2, Concurrency: 1}
			r.script("ListPage", fault.None(), fault.Unsent(), fault.Throttle(0))
			var got []string
			for o, err := range r.b.List(ctx, &one) {
				if err != nil {
					r.errorf("List whose second page fails twice: %w", err)
					break
				}
				got = append(got, o.Key)
			}
			if !slices.Equal(got, want) {
				r.errorf("List whose second page fails twice = %q, want %q", got, want)
			}
			r.faults.Reset()
			r.faults.Add(fault.Rule{
				Op:    "ListPage",
				Skip:  1,
				Times: fault.Always,
				Fault: fault.Unsent(),
			})
			n, failed := 0, 0
			for o, err := range r.b.List(ctx, &one) {
				if err != nil {
					failed++
					r.got("List whose second page never comes", err, storage.ErrUnavailable)
				} else if o != nil {
					n++
				}
			}
			if n > 2 || failed != 1 {
				r.errorf("List whose second page never comes: %d objects and %d errors, want at "+
					"most 2 and 1", n, failed)
			}
			return nil
		}),
	},
	{
		name: "engine/in-doubt", feature: Engine,
		rule: "rule 24: Error.InDoubt says whether a write may have been carried out at any of " +
			"its attempts, and is false for reads",
		run: rigged(func(ctx context.Context, r *rig) error {
			for _, c := range []struct {
				what string
				puts []fault.Fault
				want bool
			}{
				{"never sent",
					[]fault.Fault{fault.Unsent(), fault.Unsent(), fault.Unsent(), fault.Unsent()},
					false},
				{"throttled", []fault.Fault{fault.Throttle(0), fault.Throttle(0), fault.Throttle(0),
					fault.Throttle(0)}, false},
				{"in doubt first",
					[]fault.Fault{fault.Doubt(), fault.Unsent(), fault.Unsent(), fault.Unsent()},
					true},
				{"in doubt last",
					[]fault.Fault{fault.Unsent(), fault.Unsent(), fault.Unsent(), fault.Doubt()},
					true},
			} {
				r.script("Put", c.puts...)
				_, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
				r.inDoubt("Put, "+c.what, err, c.want)
			}
			r.always("Stat", fault.Doubt())
			_, err := r.b.Stat(ctx, "k", nil)
			r.inDoubt("Stat", err, false)
			for _, doubt := range []bool{true, false} {
				r.faults.Reset()
				for _, op := range []string{"Delete", "DeleteBatch"} {
					f := fault.Unsent()
					if doubt {
						f = fault.Doubt()
					}
					r.always(op, f)
				}
				_, err = r.b.DeleteMany(ctx, slices.Values([]string{"k", "k2"}), nil)
				r.inDoubt(fmt.Sprintf("DeleteMany, in doubt: %v", doubt), err, doubt)
			}
			r.missing(ctx, r.key("k"))
			return nil
		}),
	},
	{
		name: "engine/delete-in-doubt", feature: Engine, needs: []Feature{DeleteIfMatch},
		rule: "rule 11: a conditional Delete whose answer was lost is ErrPrecondition where " +
			"another wrote upon the version, else ErrUnknownOutcome",
		run: rigged(deleteInDoubt),
	},
	{
		name: "engine/update-in-doubt", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: an Update whose answer was lost is made once, and one whose outcome is " +
			"unknown is not made again",
		run: rigged(updateInDoubt),
	},
}

// retried lets the first request of each kind fail, by every failure that passes.
func retried(ctx context.Context, r *rig) error {
	if _, err := r.put(ctx, r.key("k"), []byte("k"), nil); err != nil {
		return err
	}
	b := r.b
	calls := map[string]func() error{
		"Get":      func() error { _, err := b.ReadAll(ctx, "k", nil); return err },
		"Stat":     func() error { _, err := b.Stat(ctx, "k", nil); return err },
		"ListPage": func() error { _, err := b.ListPage(ctx, nil); return err },
		"Put": func() error {
			_, err := b.Put(ctx, "new",
				bytes.NewReader([]byte("new")), nil)
			return err
		},
		"Delete": func() error { return b.Delete(ctx, "gone", nil) },
	}
	if r.has(Copy) {
		calls["Copy"] = func() error { _, err := b.Copy(ctx, "copy", "k", nil); return err }
	}
	if r.has(DeleteBatch) {
		calls["DeleteBatch"] = func() error {
			_, err := b.DeleteMany(ctx, slices.Values([]string{"gone", "never"}), nil)
			return err
		}
	}
	if r.has(ListUploadsPrefix) {
		calls["ListUploadsPage"] = func() error {
			_, err := b.CleanUploads(ctx, time.Hour, nil)
			return err
		}
	}
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		for _, f := range []fault.Fault{fault.Unsent(), fault.Throttle(0), fault.Doubt()} {
			for range 3 { // the service may have failed one of its own accord
				r.script(op, f)
				if !r.got(op+" that fails once", calls[op](), nil) || r.faults.Count(op) == 2 {
					break
				}
			}
			r.called(op+" that fails once", op, 2)
		}
	}
	r.holds(ctx, r.key("new"), []byte("new"))
	if !r.has(Multipart) {
		return nil
	}
	data := r.large(1)
	r.faults.Reset()
	for _, op := range []string{"CreateUpload", "PutPart", "CompleteUpload"} {
		r.faults.Next(op, fault.Unsent(), fault.Throttle(0))
	}
	o, err := b.Put(ctx, "large", bytes.NewReader(data), nil)
	r.wrote(ctx, "Put in parts whose every request fails twice", "large", o, err, data)
	return nil
}

func notRetried(ctx context.Context, r *rig) error {
	if _, err := r.put(ctx, r.key("k"), []byte("k"), nil); err != nil {
		return err
	}
	for _, kind := range []error{
		storage.ErrPermission, storage.ErrNotExist, storage.ErrInvalid, storage.ErrNoBucket,
		storage.ErrIntegrity, nil,
	} {
		refusal := fault.Refuse(&storage.Error{Kind: kind, Code: "Refused"})
		for op, do := range map[string]func() error{
			"Get": func() error { _, err := r.b.ReadAll(ctx, "k", nil); return err },
			"Put": func() error {
				_, err := r.b.Put(ctx, "k",
					bytes.NewReader([]byte("no")), nil)
				return err
			},
			"Delete":   func() error { return r.b.Delete(ctx, "k", nil) },
			"ListPage": func() error { _, err := r.b.ListPage(ctx, nil); return err },
		} {
			r.script(op, refusal)
			err := do()
			what := fmt.Sprintf("%s refused with %v", op, kind)
			var se *storage.Error
			if !errors.As(err, &se) || se.Kind != kind || se.Code != "Refused" {
				r.errorf("%s: %w; want that error", what, err)
			}
			r.called(what, op, 1)
		}
	}
	r.holds(ctx, r.key("k"), []byte("k"))
	return nil
}

func retryAfter(ctx context.Context, e *env) error {
	const after = 200 * time.Millisecond
	r := e.rig(func(o *storage.Options) { o.Retry.MaxDelay = 10 * time.Second })
	r.faults.Next("Put", fault.Throttle(after))
	start := time.Now()
	o, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
	r.wrote(ctx, "Put after a Retry-After", "k", o, err, []byte("k"))
	if took := time.Since(start); took < after {
		r.errorf("Put with a Retry-After of %v took %v", after, took)
	}

	for _, c := range []struct {
		what     string
		deadline time.Duration
		after    time.Duration
	}{
		{"past the context's deadline", 3 * time.Second, 4 * time.Second},
		{"above MaxDelay", time.Minute, time.Hour},
	} {
		// Of its own: the Retry-After holds every call of the Bucket.
		r := e.rig(func(o *storage.Options) { o.Retry.MaxDelay = 10 * time.Second })
		short, cancel := context.WithTimeout(ctx, c.deadline)
		r.script("Stat", fault.Throttle(c.after))
		start := e.calm.Now()
		_, err := r.b.Stat(short, "k", nil)
		cancel()
		r.got("Stat with a Retry-After "+c.what, err, storage.ErrThrottled)
		r.called("Stat with a Retry-After "+c.what, "Stat", 1)
		if took := e.calm.Now() - start; took > 2500*time.Millisecond {
			r.errorf("Stat with a Retry-After %s took %v, want an answer at once", c.what, took)
		}
		var se *storage.Error
		if errors.As(err, &se) && se.RetryAfter != c.after {
			r.errorf("Stat with a Retry-After %s: RetryAfter %v, want %v", c.what,
				se.RetryAfter, c.after)
		}
	}
	return nil
}

// held lets one call be asked to wait for longer than it may, and looks how long the others wait.
func held(ctx context.Context, e *env) error {
	const hold = time.Second
	r := e.rig(func(o *storage.Options) { o.Retry.MaxDelay = hold })
	r.faults.Next("Stat", fault.Throttle(time.Hour))
	start := time.Now()
	_, err := r.b.Stat(ctx, "k", nil)
	r.got("Stat with a Retry-After above MaxDelay", err, storage.ErrThrottled)
	o, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
	if waited := time.Since(start); waited < hold/2 {
		r.errorf("Put beside a Retry-After above MaxDelay took %v, want MaxDelay, %v", waited, hold)
	}
	r.wrote(ctx, "Put after another call's Retry-After", "k", o, err, []byte("k"))
	again := e.calm.Now()
	_, err = r.b.Stat(ctx, "k", nil)
	r.got("Stat after the probe", err, nil)
	if took := e.calm.Now() - again; took > hold/2 {
		r.errorf("Stat after a probe that succeeded took %v", took)
	}
	return nil
}

func updateInDoubt(ctx context.Context, r *rig) error {
	for i, c := range []struct {
		what string
		put  fault.Fault
		look func(name string) fault.Hook
		want error
	}{
		{"the answer lost", fault.Lost(), nil, nil},
		{"overwritten after a lost answer", fault.Lost(), r.overwrites, storage.ErrUnknownOutcome},
		{"delivered twice", fault.Twice(), nil, nil},
	} {
		name, changes := fmt.Sprint("k", i), 0
		if _, err := r.b.Put(ctx, name, bytes.NewReader([]byte("0")), nil); err != nil {
			return err
		}
		r.script("Put", c.put)
		o, err := r.b.Update(ctx, name, func(old []byte, _ *storage.Object) ([]byte, error) {
			changes++
			if c.look != nil { // the Stat after the Put; one for the class can come before
				r.faults.Next("Stat", fault.None().Before(c.look(name)))
			}
			return append(old, '1'), nil
		})
		what := "Update, " + c.what
		if c.want == nil {
			r.wrote(ctx, what, name, o, err, []byte("01"))
		} else {
			r.got(what, err, c.want)
		}
		if changes != 1 {
			r.errorf("%s: the change was made %d times, want 1", what, changes)
		}
	}
	return nil
}

func deleteInDoubt(ctx context.Context, r *rig) error {
	for i, c := range []struct {
		what    string
		deletes []fault.Fault
		look    func(name string) fault.Hook // before the first look
		want    error
		left    bool
	}{
		{"the answer lost", []fault.Fault{fault.Lost()}, nil, storage.ErrUnknownOutcome, false},
		{"not carried out, in doubt, then carried out", []fault.Fault{fault.Doubt()}, nil,
			nil, false},
		{
			"not carried out, in doubt, and another's swap", []fault.Fault{fault.Doubt()},
			func(name string) fault.Hook { return r.swaps(name, 1) }, storage.ErrPrecondition, true,
		},
		{
			"in doubt, and never reached again",
			[]fault.Fault{fault.Doubt(), fault.Unsent(), fault.Unsent(), fault.Unsent()},
			nil, storage.ErrUnknownOutcome, true,
		},
		{"a contradiction", []fault.Fault{fault.Doubt(), precondition}, nil,
			storage.ErrUnknownOutcome, true},
		{"not sent, then refused", []fault.Fault{fault.Unsent(), precondition}, nil,
			storage.ErrPrecondition, true},
		{"not sent, then carried out", []fault.Fault{fault.Unsent()}, nil, nil, false},
	} {
		name := fmt.Sprint("k", i)
		o, err := r.b.Put(ctx, name, bytes.NewReader([]byte("k")),
			&storage.PutOptions{IfAbsent: true})
		if err != nil {
			return err
		}
		r.script("Delete", c.deletes...)
		if c.look != nil {
			r.faults.Next("Stat", fault.None().Before(c.look(name)))
		}
		what := "Delete with IfMatch, " + c.what
		r.got(what, r.b.Delete(ctx, name, &storage.DeleteOptions{IfMatch: o.ETag}), c.want)
		if !c.left {
			r.missing(ctx, r.key(name))
		} else if _, err := r.stat(ctx, r.key(name), nil); err != nil {
			r.errorf("%s: what should be left: %w", what, err)
		}
	}
	return nil
}
