package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// apiChecks are those of the Bucket's smaller methods and options, and of what a Store refuses.
func apiChecks() []check {
	return slices.Concat(
		viewChecks, writerChecks, rangeChecks, readerAtChecks, blockChecks,
		aheadChecks, refusalChecks,
		conditionOrderChecks, moreCancelledChecks(),
	)
}

var writerChecks = []check{
	{
		name: "bucket/write-all", feature: Buckets, needs: []Feature{Multipart},
		rule:   "rule 5: WriteAll writes the bytes that it is given, as Put does",
		covers: []string{"Bucket.WriteAll"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			for i, data := range [][]byte{nil, {}, pattern(1000, 1), pattern(int(part)+1000, 2)} {
				given := bytes.Clone(data)
				key := fmt.Sprint("k", i)
				opts := &storage.PutOptions{CacheControl: "no-store"}
				o, err := b.WriteAll(ctx, key, given, opts)
				if !e.got(fmt.Sprintf("WriteAll of %d bytes", len(data)), err, nil) {
					continue
				}
				e.same("the argument of WriteAll", given, data)
				e.holds(ctx, e.key(key), data)
				s, err := b.Stat(ctx, key, nil)
				if e.got("Stat", err, nil) {
					e.sameResult("WriteAll", o, s)
					if s.CacheControl != "no-store" {
						e.errorf("CacheControl = %q, want no-store", s.CacheControl)
					}
				}
			}
			return nil
		},
	},
	{
		name: "bucket/writer-close", feature: Buckets,
		rule: "rule 3: Close of a Writer without Commit is ErrNotCommitted and makes nothing; " +
			"after a Commit, failed or not, and again, it is nil",
		covers: []string{"Writer.Close"},
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("old"), []byte("old"), nil); err != nil {
				return err
			}
			b := e.bucket(nil)
			for _, key := range []string{"old", "new"} {
				for _, data := range []string{"", "some"} {
					w := b.NewWriter(ctx, key, nil)
					if data != "" {
						_, err := w.Write([]byte(data))
						e.got("Write", err, nil)
					}
					e.notCommitted(w, key)
				}
			}
			e.notCommitted(b.NewWriter(ctx, "\xff", nil), "\xff") // which no Commit could write
			e.holds(ctx, e.key("old"), []byte("old"))
			e.missing(ctx, e.key("new"))

			e.tracked.before = func(_ context.Context, op, _ string) error {
				if op == "Put" {
					return &storage.Error{Kind: storage.ErrPermission}
				}
				return nil
			}
			w := b.NewWriter(ctx, "new", nil)
			_, err := w.Commit()
			e.got("Commit that the service refuses", err, storage.ErrPermission)
			e.got("Close after a Commit that failed", w.Close(), nil)
			e.tracked.before = nil
			e.missing(ctx, e.key("new"))

			w = b.NewWriter(ctx, "new", nil)
			_, err = w.Commit()
			e.got("Commit of nothing", err, nil)
			for range 2 {
				e.got("Close after Commit", w.Close(), nil)
			}
			e.holds(ctx, e.key("new"), nil)
			return nil
		},
	},
	{
		name: "bucket/update-create", feature: IfMatch,
		rule: "rule 9: UpdateWith gives Create's headers to the object that it creates, " +
			"and to no other; conditions in it are ErrInvalid",
		covers: []string{"Bucket.UpdateWith", "UpdateOptions.Create"},
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			first := &storage.PutOptions{
				ContentType: "text/plain", CacheControl: "no-store",
				Metadata: map[string]string{"made": "by an update"},
			}
			if e.has(StorageClass) {
				first.StorageClass = e.storageClass()
			}
			second := &storage.PutOptions{
				CacheControl: "private",
				Metadata:     map[string]string{"a": "b"},
			}
			for i, create := range []*storage.PutOptions{first, second, nil} {
				data := fmt.Append(nil, "update ", i)
				change := func([]byte, *storage.Object) ([]byte, error) { return data, nil }
				_, err := b.UpdateWith(ctx, "k", change, &storage.UpdateOptions{Create: create})
				if !e.got("UpdateWith", err, nil) {
					return nil
				}
				e.holds(ctx, e.key("k"), data)
				o, err := b.Stat(ctx, "k", nil)
				if err != nil {
					return err
				}
				if i == 0 && first.StorageClass != "" {
					e.isClass("Stat of what UpdateWith created", o.StorageClass, first.StorageClass)
				}
				got := &storage.PutOptions{
					ContentType: o.ContentType, CacheControl: o.CacheControl, Metadata: o.Metadata,
					StorageClass: first.StorageClass,
				}
				if diff := cmp.Diff(first, got); diff != "" {
					e.errorf("the object after UpdateWith number %d (-want +got):\n%s", i+1, diff)
				}
			}
			before := e.tracked.requests.Load()
			for _, create := range []storage.PutOptions{
				{IfAbsent: true}, {IfMatch: `"x"`}, {Checksums: sums([]byte("x"))},
				{ContentType: "a\nb"},
			} {
				_, err := b.UpdateWith(ctx, "k", func([]byte, *storage.Object) ([]byte, error) {
					e.errorf("the function was called with Create %+v", create)
					return nil, errSource
				}, &storage.UpdateOptions{Create: &create})
				e.got(fmt.Sprintf("UpdateWith with Create %+v", create), err, storage.ErrInvalid)
			}
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made for what is invalid", n)
			}
			return nil
		},
	},
	{
		name: "bucket/delete-listed", feature: Buckets,
		rule: "rule 20: DeleteListed deletes what the sequence gives; an error in it ends it, " +
			"a common prefix in it is ErrInvalid and does not stop the others",
		covers: []string{"Bucket.DeleteListed"},
		run:    deleteListed,
	},
}

// notCommitted notes a Close without Commit that is not what the contract says.
func (e *env) notCommitted(w *storage.Writer, key string) {
	err := w.Close()
	var se *storage.Error
	if e.got("Close without Commit", err, storage.ErrNotCommitted) &&
		(!errors.As(err, &se) || se.Op != "Close" || se.Key != key || se.InDoubt) {
		e.errorf("Close without Commit = %#v", err)
	}
	e.got("Close again", w.Close(), nil)
	_, err = w.Commit()
	e.got("Commit after Close", err, storage.ErrClosed)
	_, err = w.Write([]byte("more"))
	e.got("Write after Close", err, storage.ErrClosed)
}

func deleteListed(ctx context.Context, e *env) error {
	if err := e.putAll(ctx, []string{"in/a", "in/b/1", "in/c", "last", "out"}); err != nil {
		return err
	}
	b := e.bucket(nil)
	some := func(keep string, end error) iter.Seq2[*storage.Object, error] {
		return func(yield func(*storage.Object, error) bool) {
			for o, err := range b.List(ctx, &storage.ListOptions{Prefix: "in/"}) {
				if err == nil && o.Key == keep {
					continue
				}
				if !yield(o, err) {
					return
				}
			}
			if end != nil && yield(nil, end) {
				e.errorf("DeleteListed went on behind an error in the sequence")
			}
		}
	}
	opts := &storage.DeleteManyOptions{BatchSize: 2}
	n, err := b.DeleteListed(ctx, some("in/c", nil), opts)
	if n != 2 || err != nil {
		e.errorf("DeleteListed of two objects = %d, %v", n, err)
	}
	e.listed(ctx, "", "in/c", "last", "out")

	n, err = b.DeleteListed(ctx, some("in/a", errSource), opts)
	e.got("DeleteListed of a sequence that fails", err, errSource)
	if n > 1 {
		e.errorf("DeleteListed of one object and an error = %d", n)
	}

	if err := e.putAll(ctx, []string{"in/c"}); err != nil {
		return err
	}
	n, err = b.DeleteListed(ctx, b.List(ctx, &storage.ListOptions{Delimiter: "/"}), nil)
	var de *storage.DeleteError
	if !e.got("DeleteListed with a common prefix", err, storage.ErrInvalid) ||
		!errors.As(err, &de) {
		return nil
	}
	if n != 2 || de.Failed != 1 || de.Errors[0].Key != "in/" {
		e.errorf("DeleteListed of two objects and a prefix = %d, %v", n, err)
	}
	e.listed(ctx, "", "in/c")
	_, err = b.DeleteListed(ctx, nil, nil)
	e.got("DeleteListed of a nil sequence", err, storage.ErrInvalid)
	return nil
}
