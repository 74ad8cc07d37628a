package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A defect makes a broken driver of a sound one. It is what the check that it names must catch.
type defect struct {
	check string
	what  string
	plant func(b *bench)
}

// defects is one defect for each check, at least.
func defects() []defect {
	return slices.Concat(brokenReads(), brokenWrites(), brokenConditions(), brokenLists(),
		brokenKeys(), brokenForeign(), brokenCopies(), brokenKeeping(), brokenUploads(),
		brokenContexts(), brokenSigning(), brokenEngine(), brokenBuckets(), brokenAPI())
}

// bench is a sound driver that has every feature, to put a defect into.
type bench struct {
	*patch         // the driver
	wire   *patch  // what the driver sends its requests to
	signer *signer // what serves its URLs
}

func newBench(t testing.TB, name string) *bench {
	m, err := memory.New(&memory.Options{Versions: true})
	if err != nil {
		t.Fatal(err)
	}
	wire := &patch{inner: m}
	b := &bench{patch: &patch{inner: wire}, wire: wire}
	if strings.HasPrefix(name, "sign/") || strings.Contains(name, "signurl") {
		b.signer = newSigner(t, m)
		b.sign = b.signer.sign
	}
	return b
}

// options are those of a run on the bench.
func (b *bench) options() Options {
	return Options{
		Open:         func(context.Context) (storage.Store, error) { return b.patch, nil },
		Requests:     b.wire.calls.Load,
		StorageClass: "COLD",
		Timeout:      time.Minute,
	}
}

// try runs a check on a bench, with the defect or without.
func try(t testing.TB, c check, d *defect) (Result, error) {
	b := newBench(t, c.name)
	if d != nil {
		d.plant(b)
	}
	o := b.options()
	o.Timeout = 10 * time.Second
	r, _, err := newRun(t.Context(), o)
	if err != nil {
		return Result{}, err
	}
	return r.one(t.Context(), c), nil
}

// judgeDefect says what is wrong with a check and its defect: the check must catch it, name its
// rule, and pass without it.
func judgeDefect(t testing.TB, c check, d defect) error {
	sound, err := try(t, c, nil)
	switch {
	case err != nil:
		return err
	case sound.Status != Kept:
		return fmt.Errorf("%s: with the defect switched off: %v: %v%s", c.name, sound.Status,
			sound.Err, sound.Reason)
	}
	broken, err := try(t, c, &d)
	switch {
	case err != nil:
		return err
	case broken.Status != Broken:
		return fmt.Errorf("%s: a driver that %s is not caught: %v", c.name, d.what, broken.Status)
	case !strings.HasPrefix(broken.Err.Error(), c.rule):
		return fmt.Errorf("%s: the failure does not begin with the rule: %v", c.name, broken.Err)
	}
	return nil
}

// uncovered are the checks without a defect, and the defects without a check.
func uncovered(checks []check, defects []defect) error {
	var errs []error
	for _, c := range checks {
		if !slices.ContainsFunc(defects, func(d defect) bool { return d.check == c.name }) {
			errs = append(errs, fmt.Errorf("check %s has no broken driver", c.name))
		}
	}
	for _, d := range defects {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == d.check }) {
			errs = append(errs,
				fmt.Errorf("the driver that %s is for a check %s, which there is not",
					d.what, d.check))
		}
	}
	return errors.Join(errs...)
}

// TestBroken holds every check against a driver that breaks its rule.
func TestBroken(t *testing.T) {
	checks, broken := table(), defects()
	if err := uncovered(checks, broken); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]check)
	for _, c := range checks {
		byName[c.name] = c
	}
	names, results := make([]string, len(broken)), make([]error, len(broken))
	for i, d := range broken {
		names[i] = d.check + "/" + strings.ReplaceAll(d.what, " ", "_")
	}
	caught := 0
	subtests(t, 16, names, func(i int) {
		results[i] = judgeDefect(t, byName[broken[i].check],
			broken[i])
	}, func(t *testing.T, i int) {
		if results[i] != nil {
			t.Fatal(results[i])
		}
		caught++
	})
	// The command that runs this test shows the line; nothing else is printed.
	fmt.Printf("%d checks, %d broken drivers, %d caught\n", len(checks), len(broken), caught)
}

// TestJudge shows that TestBroken can fail, in each of the ways in which a check can be no good.
func TestJudge(t *testing.T) {
	good := check{name: "x/good", feature: Reads, rule: "rule 24: a missing key is ErrNotExist",
		run: func(ctx context.Context, e *env) error {
			_, err := e.stat(ctx, e.key("missing"), nil)
			e.got("Stat", err, storage.ErrNotExist)
			return nil
		}}
	lie := defect{check: "x/good", what: "finds everything", plant: func(b *bench) {
		b.stat = func(
			_ context.Context, key string, _ *storage.StatOptions,
		) (*storage.Object, error) {
			return &storage.Object{Key: key, ETag: `"x"`}, nil
		}
	}}
	blind, mute, broken := good, good, good
	blind.run = func(context.Context, *env) error { return nil }
	broken.run = func(context.Context, *env) error { return io.ErrNoProgress }
	mute.name = "x/mute"
	for _, tc := range []struct {
		name   string
		err    error
		passes bool
	}{
		{"a good check", judgeDefect(t, good, lie), true},
		{"a check that passes on its broken driver", judgeDefect(t, blind, lie), false},
		{"a check that fails on the sound driver", judgeDefect(t, broken, lie), false},
		{"a defect that breaks nothing",
			judgeDefect(t, good, defect{check: "x/good", plant: func(*bench) {}}), false},
		{"a check with a broken driver", uncovered([]check{good}, []defect{lie}), true},
		{"a check without one", uncovered([]check{good, mute}, []defect{lie}), false},
		{"a defect without a check", uncovered(nil, []defect{lie}), false},
	} {
		if (tc.err == nil) != tc.passes {
			t.Errorf("%s: %v", tc.name, tc.err)
		}
	}
}

// pair lets the first two who wait go on together, so that a race happens every time.
type pair struct {
	waiting atomic.Int64
	met     chan struct{}
}

func newPair() *pair { return &pair{met: make(chan struct{})} }

func (p *pair) wait(ctx context.Context) {
	if p.waiting.Add(1) == 2 {
		close(p.met)
	}
	select {
	case <-p.met:
	case <-ctx.Done():
	}
}
