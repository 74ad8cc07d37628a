package counted

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/services"
)

// Why nobody can tell what became of a call. Each has two histories in undecidable.
const (
	noObject  = "no object is left that tells"
	withoutID = "upon an object without an ID that others wrote upon, too"
	pushed    = "others wrote four times or more meanwhile"
)

// Why a call may not be unknown: no two histories look alike then.
const (
	alone = "nobody else wrote"
	few   = "others wrote fewer than four times"
)

// cause says why nobody could tell the history from one in which the outcome was the other. others
// are the writes of others since the version was seen that the call is upon, and deletes those of
// all that remove the object, or may have.
func cause(others, deletes int64, foreign bool) string {
	switch {
	case deletes > 0:
		return noObject
	case others == 0:
		return alone
	case foreign:
		return withoutID
	case others >= kept:
		return pushed
	}
	return few
}

// A twin is two histories of one call that look alike to whoever made it. In both the answer of the
// call is lost. In one it was carried out; in the other it was refused.
type twin struct {
	cause, what string
	remove      bool // the call is a Delete; else it is a write with IfMatch
	base        func(*others)
	carriedOut  func(*others) // what others do behind the call that was carried out
	refused     func(*others) // what they do before the one that is refused
}

// undecidable has the causes for which a call may be unknown. What is not here is a failure.
var undecidable = []twin{
	{noObject, "a Delete, and another's Delete", true,
		func(o *others) { o.create() },
		func(*others) {},
		func(o *others) { o.remove() }},
	{noObject, "a write, and another's Delete behind it or before it", false,
		func(o *others) { o.create() },
		func(o *others) { o.remove() },
		func(o *others) { o.remove() }},
	{withoutID, "another write, of a program that has only listed the object, or that read it",
		false,
		func(o *others) { o.overwrite() },
		func(o *others) { o.swapListed() },
		func(o *others) { o.swap(1) }},
	{withoutID, "four other writes push the ID out", false,
		func(o *others) { o.overwrite() },
		func(o *others) { o.swap(kept) },
		func(o *others) { o.swap(kept) }},
	{pushed, "the object was created, and other writes push the ID out", false,
		func(o *others) { o.create() },
		func(o *others) { o.swap(kept) },
		func(o *others) { o.swap(kept + 1) }},
	{pushed, "the object was created and written upon, and other writes push both IDs out", false,
		func(o *others) { o.create(); o.swap(1) },
		func(o *others) { o.swap(kept) },
		func(o *others) { o.swap(kept) }},
}

// isUndecidable reports whether there are two histories for a cause of a Delete or a write.
func isUndecidable(cause string, remove bool) bool {
	return slices.ContainsFunc(undecidable, func(w twin) bool {
		return w.cause == cause && w.remove == remove
	})
}

// others are programs that work on the same object.
type others struct {
	t     *testing.T
	store storage.FullStore
	b     *storage.Bucket
}

func (o *others) did(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *others) create() {
	_, err := o.b.WriteAll(o.t.Context(), "k", []byte("base"), &storage.PutOptions{IfAbsent: true})
	o.did(err)
}

func (o *others) overwrite() {
	_, err := o.b.WriteAll(o.t.Context(), "k", []byte("base"), nil)
	o.did(err)
}

func (o *others) remove() { o.did(o.b.Delete(o.t.Context(), "k", nil)) }

// swap replaces the object n times, by a program that reads it before.
func (o *others) swap(n int) {
	for range n {
		now, err := o.b.Stat(o.t.Context(), "k", nil)
		o.did(err)
		_, err = o.b.WriteAll(o.t.Context(), "k", []byte("other"),
			&storage.PutOptions{IfMatch: now.ETag})
		o.did(err)
	}
}

// swapListed replaces the object by a program that has its ETag from a list.
func (o *others) swapListed() {
	b := storage.New(o.store, nil)
	for now, err := range b.List(o.t.Context(), nil) {
		o.did(err)
		_, err = b.WriteAll(o.t.Context(), "k", []byte("other"),
			&storage.PutOptions{IfMatch: now.ETag})
		o.did(err)
	}
}

// lossy is a Store that loses the answer of each write, whatever it is, and keeps what it tells
// otherwise.
type lossy struct {
	storage.FullStore
	before, after func() // the first write
	happened      int
	told          []string
}

func (l *lossy) lose(write func() error) error {
	if l.before != nil {
		l.before()
		l.before = nil
	}
	if write() == nil {
		l.happened++
	}
	if l.after != nil {
		l.after()
		l.after = nil
	}
	l.told = append(l.told, "an answer was lost")
	return &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
}

func (l *lossy) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	l.told = append(l.told, fmt.Sprintf("sent %v", opts.Metadata)) // with the ID of the write
	return nil, l.lose(func() error {
		_, err := l.FullStore.Put(ctx, key, body, size, opts)
		return err
	})
}

func (l *lossy) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	return l.lose(func() error { return l.FullStore.Delete(ctx, key, opts) })
}

func (l *lossy) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := l.FullStore.Stat(ctx, key, opts)
	if err != nil {
		l.told = append(l.told, err.Error())
		return o, err
	}
	shown := *o
	shown.ModTime = time.Time{} // each history takes place when it likes
	text, e := json.Marshal(shown)
	if e != nil {
		return nil, e
	}
	l.told = append(l.told, string(text))
	return o, nil
}

var randomText = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)

// tells is what the Store told. What is random has a name by the order in which it appears.
func (l *lossy) tells() string {
	names := make(map[string]string)
	return randomText.ReplaceAllStringFunc(strings.Join(l.told, "\n"), func(s string) string {
		if names[s] == "" {
			names[s] = fmt.Sprintf("<%d>", len(names))
		}
		return names[s]
	})
}

// play makes the call of w with others around it, and returns how often it was carried out, what
// was told, and how it ended.
func (w *twin) play(t *testing.T, before, after func(*others)) (int, string, error) {
	t.Helper()
	inner := services.All[0].Open(t).Store() // memory
	o := &others{t: t, store: storage.Full(inner), b: storage.New(inner, nil)}
	w.base(o)
	l := &lossy{FullStore: o.store}
	b := storage.New(l, &storage.Options{Retry: storage.RetryOptions{
		Attempts: 3, MinDelay: time.Nanosecond, MaxDelay: time.Nanosecond, Budget: -1,
	}})
	base, err := b.Stat(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.before, l.after = func() { before(o) }, func() { after(o) }
	if w.remove {
		err = b.Delete(t.Context(), "k", &storage.DeleteOptions{IfMatch: base.ETag})
	} else {
		_, err = b.WriteAll(t.Context(), "k", []byte("mine"),
			&storage.PutOptions{IfMatch: base.ETag})
	}
	return l.happened, l.tells(), err
}

// For each cause for which a call may be unknown there are two histories. In one the call was
// carried out, in the other it was not, and whoever made it is told the same in both.
func TestUndecidable(t *testing.T) {
	none := func(*others) {}
	for _, w := range undecidable {
		t.Run(w.cause+": "+w.what, func(t *testing.T) {
			happened, told, did := w.play(t, none, w.carriedOut)
			never, toldNot, didNot := w.play(t, w.refused, none)
			if happened != 1 || never != 0 {
				t.Fatalf("carried out %d times and %d times, want 1 and 0", happened, never)
			}
			if told != toldNot {
				t.Errorf("they are told apart: carried out\n%s\nand not\n%s", told, toldNot)
			}
			for _, err := range []error{did, didNot} {
				if !errors.Is(err, storage.ErrUnknownOutcome) {
					t.Errorf("%v, want ErrUnknownOutcome", err)
				}
			}
		})
	}
}

// What is not undecidable is told, although an answer was lost.
func TestDecidable(t *testing.T) {
	none := func(*others) {}
	for _, test := range []struct {
		what          string
		w             twin
		before, after func(*others)
		want          error
	}{
		{"nobody else wrote", twin{base: (*others).create}, none, none, nil},
		{"nobody else wrote, upon an object without an ID", twin{base: (*others).overwrite}, none,
			none, nil},
		{"three others wrote behind it", twin{base: (*others).create}, none,
			func(o *others) { o.swap(kept - 1) }, nil},
		{"three others wrote before it", twin{base: (*others).create},
			func(o *others) { o.swap(kept - 1) }, none, storage.ErrPrecondition},
		{"another wrote, and it is not deleted", twin{base: (*others).create, remove: true},
			func(o *others) { o.swap(1) }, none, storage.ErrPrecondition},
	} {
		if _, told, err := test.w.play(t, test.before, test.after); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v; it was told\n%s", test.what, err, test.want, told)
		}
	}
}

// The causes that are no excuse have no histories.
func TestCauses(t *testing.T) {
	for _, test := range []struct {
		others, deletes int64
		foreign         bool
		want            string
		write, remove   bool // may be unknown
	}{
		{0, 0, false, alone, false, false},
		{0, 0, true, alone, false, false},
		{1, 0, true, withoutID, true, false},
		{kept - 1, 0, false, few, false, false},
		{kept, 0, false, pushed, true, false},
		{0, 1, false, noObject, true, true},
	} {
		got := cause(test.others, test.deletes, test.foreign)
		if got != test.want || isUndecidable(got, false) != test.write ||
			isUndecidable(got, true) != test.remove {
			t.Errorf("%+v: %q, of a write: %v, of a Delete: %v", test, got,
				isUndecidable(got, false), isUndecidable(got, true))
		}
	}
}
