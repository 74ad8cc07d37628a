package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// overwrites is an unconditional write of another program.
func (r *rig) overwrites(name string) fault.Hook {
	return func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		_, err := r.put(ctx, r.key(name), []byte("theirs, unconditional"), nil)
		return err
	}
}

// creates is a create of another program that uses this library.
func (r *rig) creates(name string) fault.Hook {
	return func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		_, err := r.other().Put(ctx, name, bytes.NewReader([]byte("theirs, a create")),
			&storage.PutOptions{IfAbsent: true})
		return err
	}
}

// swaps is n compare-and-swaps of another program that uses this library, upon what is there.
func (r *rig) swaps(name string, n int) fault.Hook {
	return func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		b := r.other()
		o, err := b.Stat(ctx, name, nil)
		for i := 0; i < n && err == nil; i++ {
			o, err = b.Put(ctx, name, bytes.NewReader(fmt.Appendf(nil, "theirs, swap %d", i)),
				&storage.PutOptions{IfMatch: o.ETag})
		}
		return err
	}
}

// deletes is a delete of another program.
func (r *rig) deletes(name string) fault.Hook {
	return func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		return r.store.Delete(ctx, r.key(name), &storage.DeleteOptions{})
	}
}

// precondition and exists are refusals as drivers give them.
var (
	precondition = fault.Refuse(&storage.Error{Kind: storage.ErrPrecondition, Status: 412})
	exists       = fault.Refuse(&storage.Error{Kind: storage.ErrExist, Status: 412})
)

// truth is one way in which a conditional Put can end after a doubt.
type truth struct {
	what  string
	match bool // IfMatch on a base that this Bucket wrote; else IfAbsent
	puts  func(*rig, string) []fault.Fault
	stats func(*rig, string) []fault.Fault // of the looks
	want  error                            // nil: the write happened
	etag  bool                             // want nil: the write is what is there still
}

// run makes the Put and holds its end against what is true.
func (t *truth) run(ctx context.Context, r *rig, name string) {
	opts := &storage.PutOptions{IfAbsent: !t.match}
	if t.match {
		base, err := r.b.Put(ctx, name, bytes.NewReader([]byte("the base")),
			&storage.PutOptions{IfAbsent: true})
		if !r.got(t.what+": the base", err, nil) {
			return
		}
		opts.IfMatch = base.ETag
	}
	r.faults.Reset()
	r.faults.Next("Put", t.puts(r, name)...)
	if t.stats != nil {
		r.faults.Next("Stat", t.stats(r, name)...)
	}
	o, err := r.b.Put(ctx, name, bytes.NewReader([]byte("ours")), opts)
	switch {
	case t.want != nil && errors.Is(t.want, storage.ErrUnknownOutcome):
		r.got(t.what, err, t.want)
	case t.want != nil:
		r.refused(t.what, err, t.want)
	case t.etag:
		r.wrote(ctx, t.what, name, o, err, []byte("ours"))
	case r.got(t.what, err, nil) && o.ETag != storage.ETagNone:
		r.errorf("%s: ETag %s; the write is replaced already, want storage.ETagNone",
			t.what, o.ETag)
	}
}

func truths(list ...truth) func(context.Context, *env) error {
	return rigged(func(ctx context.Context, r *rig) error {
		for i, t := range list {
			t.run(ctx, r, fmt.Sprint("k", i))
		}
		return nil
	})
}

// faults is a fixed row of faults.
func faults(row ...fault.Fault) func(*rig, string) []fault.Fault {
	return func(*rig, string) []fault.Fault { return row }
}

// looks is faults, of the looks that follow a doubt.
func looks(row ...fault.Fault) func(*rig, string) []fault.Fault { return faults(row...) }

// before lets something happen before the first look.
func before(hook func(r *rig, name string) fault.Hook) func(*rig, string) []fault.Fault {
	return func(r *rig, name string) []fault.Fault {
		return []fault.Fault{fault.None().Before(hook(r, name))}
	}
}

// swapped lets n swaps happen before the first look.
func swapped(n int) func(*rig, string) []fault.Fault {
	return before(func(r *rig, name string) fault.Hook { return r.swaps(name, n) })
}

var truthChecks = []check{
	{
		name: "engine/refused-after-doubt", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: a write that did not happen is ErrExist or ErrPrecondition, also after " +
			"an attempt in doubt",
		run: truths(
			truth{what: "IfAbsent, in doubt, and another's create", want: storage.ErrExist,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{
						fault.Doubt().Before(r.creates(name)),
					}
				}},
			truth{what: "IfAbsent, in doubt, and another's create with swaps upon it",
				want: storage.ErrExist,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{
						fault.Doubt().Before(r.creates(name)),
					}
				},
				stats: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{
						fault.None().Before(r.swaps(name, 6)),
					}
				}},
			truth{what: "IfMatch, in doubt, and another's swap", match: true,
				want: storage.ErrPrecondition,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{
						fault.Doubt().Before(r.swaps(name, 1)),
					}
				}},
			truth{what: "IfMatch, in doubt, then refused, since another swapped", match: true,
				want: storage.ErrPrecondition,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{fault.Doubt(), fault.None().Before(r.swaps(name, 1))}
				}},
		),
	},
	{
		name: "engine/unknown-outcome", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: what may have happened and cannot be found out is ErrUnknownOutcome",
		run: truths(
			truth{what: "IfAbsent, committed, then overwritten unconditionally",
				want: storage.ErrUnknownOutcome,
				puts: faults(fault.Lost()), stats: before((*rig).overwrites)},
			truth{what: "IfAbsent, in doubt, and another's unconditional write",
				want: storage.ErrUnknownOutcome,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{fault.Doubt().Before(r.overwrites(name))}
				}},
			truth{what: "IfMatch, committed, then overwritten unconditionally", match: true,
				want: storage.ErrUnknownOutcome,
				puts: faults(fault.Lost()), stats: before((*rig).overwrites)},
			truth{what: "IfAbsent, committed, the look fails, refused, then deleted",
				want: storage.ErrUnknownOutcome,
				puts: func(r *rig, name string) []fault.Fault {
					return []fault.Fault{fault.Lost(), exists.Before(r.deletes(name))}
				}, stats: looks(fault.Unsent())},
			truth{what: "IfAbsent, committed, refused, and the looks fail",
				want:  storage.ErrUnknownOutcome,
				puts:  faults(fault.Lost()),
				stats: looks(fault.Unsent(), fault.Unsent(), fault.Unsent())},
			truth{what: "IfMatch, in doubt, refused, and the base is still there: a contradiction",
				match: true,
				want:  storage.ErrUnknownOutcome, puts: faults(fault.Doubt(), precondition)},
			truth{what: "IfMatch, in doubt at every attempt, and the base is still there",
				match: true, want: storage.ErrUnknownOutcome,
				puts: faults(fault.Doubt(), fault.Doubt(), fault.Doubt(), fault.Doubt())},
		),
	},
	{
		name: "engine/found-out", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: a write that happened is nil, however its attempts ended",
		run: truths(
			truth{what: "IfAbsent, committed, and no further attempt reaches the service",
				etag:  true,
				puts:  faults(fault.Lost(), fault.Unsent(), fault.Unsent(), fault.Unsent()),
				stats: looks(fault.Unsent())},
			truth{what: "IfMatch, committed, and the next attempt is denied", match: true,
				etag: true,
				puts: faults(fault.Lost(),
					fault.Refuse(&storage.Error{Kind: storage.ErrPermission, Status: 403})),
				stats: looks(fault.Unsent())},
			truth{what: "IfAbsent, committed at the second attempt after a first in doubt",
				etag: true,
				puts: faults(fault.Doubt(), fault.Lost())},
		),
	},
	{
		name: "engine/replaced-by-successor", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: a write that happened and was replaced by one upon it is nil, with " +
			"storage.ETagNone",
		run: truths(
			truth{
				what:  "IfAbsent, committed, then swapped",
				puts:  faults(fault.Lost()),
				stats: swapped(1),
			},
			truth{
				what:  "IfMatch, committed, then swapped twice",
				match: true,
				puts:  faults(fault.Lost()),
				stats: swapped(2),
			},
			truth{
				what:  "IfAbsent, committed, then swapped many times",
				puts:  faults(fault.Lost()),
				stats: swapped(7),
			},
		),
	},
	{
		name: "engine/many-successors", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: a write that happened is never ErrPrecondition, however many writes came " +
			"after it",
		run: rigged(func(ctx context.Context, r *rig) error {
			for n := 3; n <= 6; n++ {
				name := fmt.Sprint("k", n)
				base, err := r.b.Put(ctx, name, bytes.NewReader([]byte("the base")),
					&storage.PutOptions{IfAbsent: true})
				if err != nil {
					return err
				}
				r.script("Put", fault.Lost())
				r.faults.Next("Stat", fault.None().Before(r.swaps(name, n)))
				_, err = r.b.Put(ctx, name, bytes.NewReader([]byte("ours")),
					&storage.PutOptions{IfMatch: base.ETag})
				if err != nil && !errors.Is(err, storage.ErrUnknownOutcome) {
					r.errorf("IfMatch, committed, then swapped %d times: %w; want nil or %w", n,
						err, storage.ErrUnknownOutcome)
				}
			}
			return nil
		}),
	},
	{
		name: "engine/cancelled-in-doubt", feature: Engine, needs: []Feature{Conditions, IfAbsent},
		rule: "rule 24: a cancelled write that may have happened and cannot be found out is " +
			"ErrUnknownOutcome and the context's error; one that cannot have is the latter alone",
		run: rigged(cancelledInDoubt),
	},
	{
		name: "engine/delivered-twice", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: a write that a proxy delivered twice is nil, not refused by itself",
		run:  rigged(deliveredTwice),
	},
	{
		name: "engine/certain-refusal", feature: Engine, needs: []Feature{Conditions, IfMatch},
		rule: "rule 11: a refusal with no attempt in doubt before it stands, and costs one " +
			"look, with TrustRefusals none",
		covers: []string{"Options.TrustRefusals"},
		run:    rigged(certainRefusal),
	},
}

// cancelledInDoubt ends contexts before the request is sent and while its answer is awaited. The
// one look that follows finds a write that was carried out, and fails or finds nothing otherwise.
func cancelledInDoubt(ctx context.Context, r *rig) error {
	for i, c := range []struct {
		what     string
		absent   bool
		sent     bool
		blind    bool // the look fails
		happened bool
	}{
		{"IfAbsent, cancelled before it was sent", true, false, false, false},
		{"IfAbsent, cancelled while it waited for its answer", true, true, false, true},
		{"IfAbsent, cancelled while it waited for its answer, and the look fails", true, true,
			true, false},
		{"no condition, cancelled before it was sent", false, false, false, false},
		{"no condition, cancelled while it waited for its answer", false, true, false, false},
	} {
		ctx, cancel := context.WithCancel(ctx)
		cancels := func(context.Context, storage.FullStore, fault.Call) error {
			cancel()
			return nil
		}
		f := fault.Hang().Before(cancels)
		if c.sent {
			f = fault.HangWaiting().After(cancels)
		}
		r.script("Put", f)
		if c.blind {
			r.faults.Next("Stat", fault.Unsent())
		}
		o, err := r.b.Put(ctx, fmt.Sprint("k", i), bytes.NewReader([]byte("ours")),
			&storage.PutOptions{IfAbsent: c.absent})
		cancel()
		if c.happened {
			r.wrote(context.WithoutCancel(ctx), c.what, fmt.Sprint("k", i), o, err, []byte("ours"))
			continue
		}
		r.got(c.what, err, context.Canceled)
		if unknown := errors.Is(err, storage.ErrUnknownOutcome); unknown != c.sent {
			r.errorf("%s: %w; it is ErrUnknownOutcome: %v, want %v", c.what, err, unknown, c.sent)
		}
		r.inDoubt(c.what, err, c.sent)
	}
	return nil
}

// deliveredTwice lets the request that makes the object reach the service twice, on every path.
func deliveredTwice(ctx context.Context, r *rig) error {
	for i, p := range writePaths {
		if slices.ContainsFunc(p.needs, func(f Feature) bool { return !r.has(f) }) ||
			p.large && p.name != "multipart" {
			continue
		}
		for _, absent := range []bool{true, false} {
			name, ifMatch := fmt.Sprint("k", i, absent), ""
			if !absent {
				base, err := r.b.Put(ctx, name, bytes.NewReader([]byte("the base")), nil)
				if err != nil {
					return err
				}
				ifMatch = base.ETag
			}
			data := p.data(r, uint64(i))
			r.script(p.verb, fault.Twice())
			o, err := p.write(ctx, r, name, data, absent, ifMatch)
			r.wrote(ctx, fmt.Sprintf("%s with IfAbsent %v, delivered twice", p.name, absent), name,
				o, err, data)
			r.called(p.name+", delivered twice", p.verb, 1)
		}
	}
	return nil
}

func certainRefusal(ctx context.Context, r *rig) error {
	base, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("the base")),
		&storage.PutOptions{IfAbsent: true})
	if err != nil {
		return err
	}
	if _, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("the next")),
		&storage.PutOptions{IfMatch: base.ETag}); err != nil {
		return err
	}
	trusting := r.env.rig(func(o *storage.Options) { o.TrustRefusals = true })
	for _, c := range []struct {
		what string
		opts storage.PutOptions
		puts []fault.Fault
		want error
	}{
		{"IfAbsent, refused", storage.PutOptions{IfAbsent: true}, nil, storage.ErrExist},
		{"IfMatch, refused", storage.PutOptions{IfMatch: base.ETag}, nil, storage.ErrPrecondition},
		{"IfAbsent, not sent, then refused", storage.PutOptions{IfAbsent: true},
			[]fault.Fault{fault.Unsent()}, storage.ErrExist},
		{"IfMatch, throttled, then refused", storage.PutOptions{IfMatch: base.ETag},
			[]fault.Fault{fault.Throttle(0)}, storage.ErrPrecondition},
	} {
		for looks, rig := range []*rig{trusting, r} {
			rig.script("Put", c.puts...)
			_, err := rig.b.Put(ctx, "k", bytes.NewReader([]byte("ours")), &c.opts)
			rig.refused(c.what, err, c.want)
			if n, want := rig.faults.Count(), 1+len(c.puts)+looks; n != want {
				rig.errorf("%s: %d calls, want %d: %v", c.what, n, want, rig.faults.Calls())
			}
		}
	}
	return nil
}
