package conformance

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

var conditionChecks = []check{
	{
		name: "condition/if-absent", feature: IfAbsent,
		rule: "rule 8: IfAbsent creates, and on an object that is there it is ErrExist and " +
			"changes nothing",
		covers: []string{"PutOptions.IfAbsent"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			if _, err := e.put(ctx, key, []byte("first"),
				&storage.PutOptions{IfAbsent: true}); err != nil {
				return err
			}
			for range 2 {
				_, err := e.put(ctx, key, []byte("second"), &storage.PutOptions{
					IfAbsent: true,
					Metadata: map[string]string{"a": "1"},
				})
				e.got("Put with IfAbsent on an object", err, storage.ErrExist)
			}
			e.holds(ctx, key, []byte("first"))
			if err := e.store.Delete(ctx, key, &storage.DeleteOptions{}); err != nil {
				return err
			}
			_, err := e.put(ctx, key, []byte("third"), &storage.PutOptions{IfAbsent: true})
			e.got("Put with IfAbsent after Delete", err, nil)
			return nil
		},
	},
	{
		name: "condition/if-absent-race", feature: IfAbsent,
		rule: "rule 8: IfAbsent succeeds for exactly one of any number of concurrent writers",
		run: func(ctx context.Context, e *env) error {
			for round := range e.many(5, 1) {
				key := e.key(strconv.Itoa(round))
				e.oneWinner(ctx, key, 64, func(i int, data []byte) error {
					_, err := e.put(ctx, key, data, &storage.PutOptions{IfAbsent: true})
					return err
				})
			}
			return nil
		},
	},
	{
		name: "condition/if-match", feature: IfMatch,
		rule: "rule 9: IfMatch writes on the version it names, and on any other is " +
			"ErrPrecondition and changes nothing",
		covers: []string{"PutOptions.IfMatch"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			first, err := e.put(ctx, key, []byte("first"), nil)
			if err != nil {
				return err
			}
			second, err := e.put(ctx, key, []byte("second"),
				&storage.PutOptions{IfMatch: first.ETag})
			if err != nil {
				return err
			}
			_, err = e.put(ctx, key, []byte("third"), &storage.PutOptions{IfMatch: first.ETag})
			e.got("Put with the ETag of an old version", err, storage.ErrPrecondition)
			e.holds(ctx, key, []byte("second"))
			_, err = e.put(ctx, key, []byte("fourth"), &storage.PutOptions{IfMatch: second.ETag})
			e.got("Put with the ETag of the current version", err, nil)
			return nil
		},
	},
	{
		name: "condition/if-match-missing", feature: IfMatch,
		rule: "rule 9: IfMatch on a missing object is ErrPrecondition and creates nothing",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			o, err := e.put(ctx, key, []byte("first"), nil)
			if err != nil {
				return err
			}
			if err := e.store.Delete(ctx, key, &storage.DeleteOptions{}); err != nil {
				return err
			}
			for _, k := range []string{key, e.key("never")} {
				_, err := e.put(ctx, k, []byte("second"), &storage.PutOptions{IfMatch: o.ETag})
				e.got("Put with IfMatch on a missing object", err, storage.ErrPrecondition)
				e.missing(ctx, k)
			}
			return nil
		},
	},
	{
		name: "condition/if-match-malformed", feature: IfMatch,
		rule: "rule 7: an IfMatch that no object of this service can have matches nothing, and " +
			"is never a free pass",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			if _, err := e.put(ctx, key, []byte("first"), nil); err != nil {
				return err
			}
			for _, tag := range malformed {
				_, err := e.put(ctx, key, []byte("second"), &storage.PutOptions{IfMatch: tag})
				e.got(fmt.Sprintf("Put with IfMatch %q", tag), err, storage.ErrPrecondition)
				_, _, err = e.get(ctx, key, &storage.GetOptions{IfMatch: tag})
				e.got(fmt.Sprintf("Get with IfMatch %q", tag), err, storage.ErrPrecondition)
			}
			e.holds(ctx, key, []byte("first"))
			return nil
		},
	},
	{
		name: "condition/cas-counter", feature: IfMatch,
		rule: "rule 9: no update is lost among any number of compare-and-swap writers",
		run:  casCounter,
	},
	{
		name: "condition/etag-everywhere", feature: IfMatch, needs: []Feature{ListETag},
		rule: "rule 7: the ETags of Put, Get, Stat and List are one, and IfMatch takes it",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			sources := []struct {
				name string
				etag func() (string, error)
			}{
				{"Get", func() (string, error) {
					_, r, err := e.get(ctx, key, nil)
					if err != nil {
						return "", err
					}
					return r.Object.ETag, nil
				}},
				{"Stat", func() (string, error) {
					o, err := e.stat(ctx, key, nil)
					if err != nil {
						return "", err
					}
					return o.ETag, nil
				}},
				{"List", func() (string, error) {
					all, err := e.list(ctx, &storage.ListOptions{Prefix: key})
					if err != nil || len(all) != 1 {
						return "", fmt.Errorf("%d entries, %w", len(all), err)
					}
					return all[0].ETag, nil
				}},
			}
			o, err := e.put(ctx, key, []byte("first"), nil)
			if err != nil {
				return err
			}
			for i, s := range sources {
				etag, err := s.etag()
				if !e.got("ETag of "+s.name, err, nil) {
					continue
				}
				if etag != o.ETag {
					e.errorf("ETag of %s = %q, of Put %q", s.name, etag, o.ETag)
				}
				next, err := e.put(ctx, key, fmt.Append(nil, "write ", i),
					&storage.PutOptions{IfMatch: etag})
				if e.got("Put with the ETag of "+s.name, err, nil) {
					o = next
				}
			}
			return nil
		},
	},
	{
		name: "condition/get-if-match", feature: Conditions,
		rule: "rule 12: Get with IfMatch reads that version, and of a changed object is " +
			"ErrPrecondition",
		covers: []string{"GetOptions.IfMatch"},
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			_, _, err := e.get(ctx, key, &storage.GetOptions{IfMatch: old})
			e.got("Get with the old ETag", err, storage.ErrPrecondition)
			_, _, err = e.get(ctx, key, &storage.GetOptions{IfMatch: old, Offset: 1, Length: 2})
			e.got("Get of a range with the old ETag", err, storage.ErrPrecondition)
			e.ranged(ctx, key, []byte("second"), storage.GetOptions{IfMatch: now}, 0, 6)
			e.ranged(ctx, key, []byte("second"),
				storage.GetOptions{IfMatch: now, Offset: 1, Length: 2}, 1, 2)
		}),
	},
	{
		name: "condition/stat-if-match", feature: Conditions,
		rule: "rule 12: Stat with IfMatch describes that version, and of a changed object is " +
			"ErrPrecondition",
		covers: []string{"StatOptions.IfMatch"},
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			_, err := e.stat(ctx, key, &storage.StatOptions{IfMatch: old})
			e.got("Stat with the old ETag", err, storage.ErrPrecondition)
			_, err = e.stat(ctx, key, &storage.StatOptions{IfMatch: now})
			e.got("Stat with the ETag", err, nil)
		}),
	},
	{
		name: "condition/get-if-none-match", feature: Conditions,
		rule: "rule 12: Get with IfNoneMatch of an unchanged object is ErrNotModified, of a " +
			"changed one a read",
		covers: []string{"GetOptions.IfNoneMatch"},
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			_, _, err := e.get(ctx, key, &storage.GetOptions{IfNoneMatch: now})
			e.got("Get of an unchanged object", err, storage.ErrNotModified)
			e.ranged(ctx, key, []byte("second"), storage.GetOptions{IfNoneMatch: old}, 0, 6)
		}),
	},
	{
		name: "condition/stat-if-none-match", feature: Conditions,
		rule: "rule 12: Stat with IfNoneMatch of an unchanged object is ErrNotModified, of a " +
			"changed one an answer",
		covers: []string{"StatOptions.IfNoneMatch"},
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			_, err := e.stat(ctx, key, &storage.StatOptions{IfNoneMatch: now})
			e.got("Stat of an unchanged object", err, storage.ErrNotModified)
			_, err = e.stat(ctx, key, &storage.StatOptions{IfNoneMatch: old})
			e.got("Stat of a changed object", err, nil)
		}),
	},
	{
		name: "condition/if-none-match-malformed", feature: Conditions,
		rule: "rule 7: an IfNoneMatch that no object of this service can have never matches: the " +
			"read goes on",
		run: changed(func(ctx context.Context, e *env, key, _, _ string) {
			for _, tag := range malformed {
				e.ranged(ctx, key, []byte("second"), storage.GetOptions{IfNoneMatch: tag}, 0, 6)
				_, err := e.stat(ctx, key, &storage.StatOptions{IfNoneMatch: tag})
				e.got(fmt.Sprintf("Stat with IfNoneMatch %q", tag), err, nil)
			}
		}),
	},
	{
		name: "condition/get-if-modified-since", feature: Conditions,
		rule:   "rule 12: Get with IfModifiedSince is ErrNotModified unless the object is newer",
		covers: []string{"GetOptions.IfModifiedSince"},
		run: modified(func(ctx context.Context, e *env, key string, at time.Time) {
			_, _, err := e.get(ctx, key, &storage.GetOptions{IfModifiedSince: at})
			e.got("Get of what was modified at that time", err, storage.ErrNotModified)
			e.ranged(ctx, key, []byte("data"),
				storage.GetOptions{IfModifiedSince: at.Add(-time.Hour)}, 0, 4)
		}),
	},
	{
		name: "condition/stat-if-modified-since", feature: Conditions,
		rule:   "rule 12: Stat with IfModifiedSince is ErrNotModified unless the object is newer",
		covers: []string{"StatOptions.IfModifiedSince"},
		run: modified(func(ctx context.Context, e *env, key string, at time.Time) {
			_, err := e.stat(ctx, key, &storage.StatOptions{IfModifiedSince: at})
			e.got("Stat of what was modified at that time", err, storage.ErrNotModified)
			_, err = e.stat(ctx, key, &storage.StatOptions{IfModifiedSince: at.Add(-time.Hour)})
			e.got("Stat of what is newer", err, nil)
		}),
	},
}

// malformed are tokens that no service gives out.
var malformed = []string{"*", storage.ETagNone, "x", `"no such version"`, `W/"x"`, "0", "-1"}

// changed is a check on an object that was written twice.
func changed(
	fn func(ctx context.Context, e *env, key, old, now string),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		key := e.key("k")
		old, err := e.put(ctx, key, []byte("first"), nil)
		if err != nil {
			return err
		}
		now, err := e.put(ctx, key, []byte("second"), nil)
		if err != nil {
			return err
		}
		fn(ctx, e, key, old.ETag, now.ETag)
		return nil
	}
}

// modified is a check on an object whose time is known.
func modified(
	fn func(ctx context.Context, e *env, key string, at time.Time),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		key := e.key("k")
		if _, err := e.put(ctx, key, []byte("data"), nil); err != nil {
			return err
		}
		o, err := e.stat(ctx, key, nil)
		if err == nil {
			fn(ctx, e, key, o.ModTime)
		}
		return err
	}
}

// noAnswer reports whether err is one that rule 8 allows a loser instead of a refusal.
func noAnswer(err error) bool {
	return errors.Is(err, storage.ErrThrottled) || errors.Is(err, storage.ErrUnavailable) ||
		errors.Is(err, storage.ErrUnknownOutcome)
}

// oneWinner lets n writers create key at the same time and notes unless exactly one did and its
// data is there.
func (e *env) oneWinner(
	ctx context.Context, key string, n int, create func(i int, data []byte) error,
) {
	data := func(i int) []byte {
		return []byte(strings.Repeat(fmt.Sprint("writer ", i, ". "), 100))
	}
	wins := make(chan int, n)
	var vague atomic.Int64
	start := make(chan struct{})
	go close(start)
	parallel(n, func(i int) {
		<-start
		switch err := create(i, data(i)); {
		case err == nil:
			wins <- i
		case noAnswer(err):
			vague.Add(1)
		case !errors.Is(err, storage.ErrExist):
			e.errorf("loser %d: %w; want %v", i, err, storage.ErrExist)
		}
	})
	close(wins)
	var winners []int
	for i := range wins {
		winners = append(winners, i)
	}
	if e.failed() { // a loser that was not refused, or all of them for want of the condition
		return
	}
	if len(winners) != 1 && (len(winners) > 1 || vague.Load() == 0) {
		e.errorf("%d of %d writers were told that they created the object: %v", len(winners),
			n, winners)
		return
	}
	if len(winners) == 1 {
		e.holds(ctx, key, data(winners[0]))
	}
}
