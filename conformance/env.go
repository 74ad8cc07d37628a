package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
)

// env is what a check works with: a Store of its own to look at, keys of its own, and a place for
// its failures.
type env struct {
	opts    *Options
	can     *can
	tracked *tracker // the Store, which remembers what was written
	store   *again   // the same, for calls that have no Bucket around them
	prefix  string   // of every key of the check
	alone   bool     // no other check runs
	seed    uint64
	calm    *calmclock.Clock // runs while the check does

	mu       sync.Mutex
	failures []error
}

// key is a key of this check's own.
func (e *env) key(name string) string { return e.prefix + name }

// bucket is a Bucket around the Store whose keys all lie below the check's prefix. It makes no
// hedges, so that a service that is busy answers as many requests as one that is not.
func (e *env) bucket(opts *storage.Options) *storage.Bucket {
	var o storage.Options
	if opts != nil {
		o = *opts
	}
	o.NoHedging = true
	return storage.New(e.tracked, &o).Prefix(e.prefix)
}

// has reports whether the Store has a feature, in order.
func (e *env) has(f Feature) bool { return e.absent(f) == "" }

// absent says why a check cannot use f on its way, or "".
func (e *env) absent(f Feature) string {
	for _, f := range append(wholes(f), f) {
		if why := e.can.lacks(f); why != "" {
			return why
		}
		if l, ok := e.opts.limit(f); ok {
			return l.Reason
		}
	}
	return ""
}

// skipped is the result of a check that found that it cannot test.
type skipped struct{ reason string }

func (s *skipped) Error() string { return "not run: " + s.reason }

// notRun ends a check that cannot test, and says why. It is never a success.
func notRun(format string, args ...any) error {
	return &skipped{fmt.Sprintf(format, args...)}
}

// lacking is the result of a check that found that the service does not have what it is about, and
// that no Capabilities speak of.
type lacking struct{ reason string }

func (l *lacking) Error() string { return "unsupported: " + l.reason }

// rand is a source of the run's seed.
func (e *env) rand() *rand.Rand { return rand.New(rand.NewPCG(e.seed, 0)) }

// many chooses between a number for Options.Full and one for a brief run.
func (e *env) many(full, brief int) int {
	if e.opts.Full {
		return full
	}
	return brief
}

// errorf notes that the rule is broken and goes on.
func (e *env) errorf(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.failures) < 10 { // the first ones tell the story
		e.failures = append(e.failures, fmt.Errorf(format, args...))
	}
}

// failed reports whether anything was noted so far.
func (e *env) failed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.failures) > 0
}

// got notes that an operation did not end with the error want (nil: success). It reports whether it
// did.
func (e *env) got(what string, err, want error) bool {
	switch {
	case want == nil && err != nil:
		e.errorf("%s: %w", what, err)
	case want != nil && err == nil:
		e.errorf("%s succeeded, want %v", what, want)
	case want != nil && !errors.Is(err, want):
		e.errorf("%s: %w; want %v", what, err, want)
	default:
		return true
	}
	return false
}

// pattern is n bytes that differ from those of another seed in every stretch of a few bytes.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16),
		byte(seed >> 24), 1})
	r.Read(b)
	return b
}

// put writes an object with the Store.
func (e *env) put(
	ctx context.Context, key string, data []byte, opts *storage.PutOptions,
) (*storage.Object, error) {
	if opts == nil {
		opts = new(storage.PutOptions)
	}
	o, err := e.store.Put(ctx, key, bytes.NewReader(data), int64(len(data)), opts)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Put(%q, %d bytes): %w", e.short(key), len(data), err)
	case o == nil:
		return nil, fmt.Errorf("Put(%q) = nil, nil", e.short(key))
	case o.ETag == "":
		return nil, fmt.Errorf("Put(%q): empty ETag", e.short(key))
	}
	return o, nil
}

// get reads what opts ask for with the Store, to the end.
func (e *env) get(
	ctx context.Context, key string, opts *storage.GetOptions,
) ([]byte, *storage.GetResult, error) {
	if opts == nil {
		opts = new(storage.GetOptions)
	}
	r, err := e.store.Get(ctx, key, opts)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("Get(%q, %s): %w", e.short(key), describeRange(opts), err)
	case r == nil || r.Object == nil || r.Body == nil:
		return nil, nil, fmt.Errorf("Get(%q) = a result without Object or Body, nil", e.short(key))
	}
	data, err := io.ReadAll(r.Body)
	if closed := r.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return data, r,
			fmt.Errorf("Get(%q, %s): body after %d bytes: %w", e.short(key), describeRange(opts),
				len(data), err)
	}
	return data, r, nil
}

// stat describes an object with the Store.
func (e *env) stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if opts == nil {
		opts = new(storage.StatOptions)
	}
	o, err := e.store.Stat(ctx, key, opts)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Stat(%q): %w", e.short(key), err)
	case o == nil:
		return nil, fmt.Errorf("Stat(%q) = nil, nil", e.short(key))
	}
	return o, nil
}

// holds notes a difference between what is stored under key and data.
func (e *env) holds(ctx context.Context, key string, data []byte) bool {
	got, _, err := e.get(ctx, key, nil)
	if err != nil {
		e.errorf("%w", err)
		return false
	}
	return e.same(fmt.Sprintf("Get(%q)", e.short(key)), got, data)
}

// missing notes that key is there although nothing should be.
func (e *env) missing(ctx context.Context, key string) bool {
	_, err := e.stat(ctx, key, nil)
	return e.got(fmt.Sprintf("Stat(%q), which should not be there,", e.short(key)), err,
		storage.ErrNotExist)
}

// same notes a difference between two byte strings.
func (e *env) same(what string, got, want []byte) bool {
	if bytes.Equal(got, want) {
		return true
	}
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	e.errorf("%s = %d bytes, want %d; they differ from byte %d on", what, len(got), len(want), n)
	return false
}

// short is a key without the prefix of the check, for messages.
func (e *env) short(key string) string { return strings.TrimPrefix(key, e.prefix) }

func describeRange(o *storage.GetOptions) string {
	if o.Offset == 0 && o.Length == 0 {
		return "all"
	}
	return fmt.Sprintf("{Offset: %d, Length: %d}", o.Offset, o.Length)
}

// parallel runs fn(0) … fn(n-1) at the same time and waits for all.
func parallel(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}
