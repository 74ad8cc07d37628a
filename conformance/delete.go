package conformance

import (
	"context"
	"fmt"

	"github.com/polystore/storage"
)

var deleteChecks = []check{
	{
		name: "delete/gone", feature: Deletes,
		rule: "rule 2: after Delete the object is gone, for Get, Stat and List",
		run: func(ctx context.Context, e *env) error {
			for _, name := range []string{"a", "b"} {
				if _, err := e.put(ctx, e.key(name), pattern(10, 1), nil); err != nil {
					return err
				}
			}
			if err := e.store.Delete(ctx, e.key("a"), &storage.DeleteOptions{}); err != nil {
				return err
			}
			e.missing(ctx, e.key("a"))
			_, _, err := e.get(ctx, e.key("a"), nil)
			e.got("Get after Delete", err, storage.ErrNotExist)
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if e.got("List", err, nil) && (len(all) != 1 || all[0].Key != e.key("b")) {
				e.errorf("List after Delete = %s, want [b]", e.names(all))
			}
			return nil
		},
	},
	{
		name: "delete/missing", feature: Deletes,
		rule:   "rule 20: Delete of a missing key is no error",
		covers: []string{"DeleteOptions"},
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), pattern(10, 1), nil); err != nil {
				return err
			}
			for _, name := range []string{"k", "k", "never", "never/below"} {
				e.got("Delete of "+name,
					e.store.Delete(ctx, e.key(name), &storage.DeleteOptions{}), nil)
			}
			return nil
		},
	},
	{
		name: "delete/if-match", feature: DeleteIfMatch,
		rule: "rule 9: Delete with IfMatch deletes that version, and of a changed object is " +
			"ErrPrecondition and deletes nothing",
		covers: []string{"DeleteOptions.IfMatch"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			old, err := e.put(ctx, key, []byte("first"), nil)
			if err != nil {
				return err
			}
			now, err := e.put(ctx, key, []byte("second"), nil)
			if err != nil {
				return err
			}
			for _, tag := range append([]string{old.ETag}, malformed...) {
				err := e.store.Delete(ctx, key, &storage.DeleteOptions{IfMatch: tag})
				e.got(fmt.Sprintf("Delete with IfMatch %s of another version", tag), err,
					storage.ErrPrecondition)
			}
			e.holds(ctx, key, []byte("second"))
			if e.got("Delete with IfMatch",
				e.store.Delete(ctx, key, &storage.DeleteOptions{IfMatch: now.ETag}), nil) {
				e.missing(ctx, key)
			}
			return nil
		},
	},
	{
		name: "delete/if-match-missing", feature: DeleteIfMatchAbsent,
		rule: "rule 20: Delete with IfMatch of a missing key is ErrPrecondition",
		run: func(ctx context.Context, e *env) error {
			o, err := e.put(ctx, e.key("k"), []byte("first"), nil)
			if err != nil {
				return err
			}
			if err := e.store.Delete(ctx, e.key("k"), &storage.DeleteOptions{}); err != nil {
				return err
			}
			for _, name := range []string{"k", "never"} {
				err := e.store.Delete(ctx, e.key(name), &storage.DeleteOptions{IfMatch: o.ETag})
				e.got("Delete with IfMatch of a missing key", err, storage.ErrPrecondition)
			}
			return nil
		},
	},
	{
		name: "delete/batch", feature: DeleteBatch,
		rule:   "rule 20: DeleteBatch deletes every key, and a missing one is no error",
		covers: []string{"DeleteBatchOptions"},
		run: func(ctx context.Context, e *env) error {
			limit := e.store.MaxBatch()
			keys := []string{e.key("missing/one")}
			for i := range min(max(limit, 2), e.many(50, 10)) - 1 {
				keys = append(keys, e.key(fmt.Sprintf("k %d <&>", i)))
			}
			if limit > 0 {
				parallel(len(keys)-1, func(i int) {
					_, err := e.put(ctx, keys[i+1], pattern(5, 1), nil)
					e.got("Put", err, nil)
				})
			}
			if _, err := e.put(ctx, e.key("stays"), pattern(5, 1), nil); err != nil {
				return err
			}
			failed, err := e.store.DeleteBatch(ctx, keys, &storage.DeleteBatchOptions{})
			if err != nil {
				return err
			}
			if limit <= 0 {
				e.errorf("MaxBatch = %d, and DeleteBatch works", limit)
			}
			if failed != nil && len(failed) != len(keys) {
				e.errorf("DeleteBatch of %d keys returned %d errors", len(keys), len(failed))
			}
			for i, err := range failed {
				e.got(fmt.Sprintf("DeleteBatch, key %d", i), err, nil)
			}
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if e.got("List", err, nil) && (len(all) != 1 || all[0].Key != e.key("stays")) {
				e.errorf("List after DeleteBatch = %s, want [stays]", e.names(all))
			}
			return nil
		},
	},
}
