package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

var contextChecks = append([]check{
	{
		name: "context/body", feature: Contexts,
		rule: "rule 25: the context of Get governs its Body: when it ends, Read fails with " +
			"its error",
		run: onObject(4<<20, func(ctx context.Context, e *env, key string, _ []byte) {
			cancelled, cancel := context.WithCancel(ctx)
			defer cancel()
			r, err := e.store.Get(cancelled, key, &storage.GetOptions{})
			if !e.got("Get", err, nil) {
				return
			}
			defer r.Body.Close()
			if _, err := io.CopyN(io.Discard, r.Body, 100); err != nil {
				e.errorf("reading 100 bytes: %w", err)
				return
			}
			cancel()
			// What has been received may still be given out.
			_, err = io.Copy(io.Discard, r.Body)
			e.got("Read after the context ended", err, context.Canceled)
		}),
	},
	{
		name: "context/put-blocked", feature: Contexts,
		rule: "rule 3: a Put whose context ends while its source blocks returns soon, and what " +
			"was there stays",
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), []byte("old"), nil); err != nil {
				return err
			}
			e.putBlocked(ctx, "a source that ends with the context", func(
				ctx context.Context, _ <-chan struct{},
			) error {
				<-ctx.Done()
				return ctx.Err()
			})
			e.putBlocked(ctx, "a source that does not know of the context", func(
				_ context.Context, returned <-chan struct{},
			) error {
				select { // what sends the source has this time to see the end of the context
				case <-returned:
				case <-time.After(20 * time.Millisecond):
				}
				return nil
			})
			return nil
		},
	},
	{
		name: "context/deadline", feature: Contexts,
		rule: "rule 25: a context whose deadline has passed is context.DeadlineExceeded",
		run: onObject(10, func(ctx context.Context, e *env, key string, _ []byte) {
			late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
			defer cancel()
			_, err := e.store.Stat(late, key, &storage.StatOptions{})
			if !errors.Is(err, context.DeadlineExceeded) {
				e.errorf("Stat = %v, want %v", err, context.DeadlineExceeded)
			}
		}),
	},
	{
		name: "error/type", feature: Errors,
		rule:   "rule 24: every error of a Store is a *storage.Error",
		covers: []string{"Error", "Error.Err"},
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), []byte("data"), nil); err != nil {
				return err
			}
			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			is := func(what string) func(any, error) {
				return func(_ any, err error) {
					var se *storage.Error
					switch {
					case err == nil:
						e.errorf("%s succeeded", what)
					case !errors.As(err, &se):
						e.errorf("%s returned a %T: %w", what, err, err)
					}
				}
			}
			is("Get of a missing key")(e.store.Get(ctx, e.key("missing"), &storage.GetOptions{}))
			is("Stat of a missing key")(e.store.Stat(ctx, e.key("missing"), &storage.StatOptions{}))
			is("Get with another IfMatch")(e.store.Get(ctx, e.key("k"),
				&storage.GetOptions{IfMatch: `"x"`}))
			is("Get from an offset behind the object")(e.store.Get(ctx, e.key("k"),
				&storage.GetOptions{Offset: 10}))
			is("Put with IfAbsent on an object")(e.store.Put(ctx, e.key("k"),
				bytes.NewReader(nil), 0, &storage.PutOptions{IfAbsent: true}))
			is("Put of a body that is too short")(e.store.Put(ctx, e.key("k"),
				bytes.NewReader(nil), 5, &storage.PutOptions{}))
			is("Get under a context that has ended")(e.store.Get(cancelled, e.key("k"),
				&storage.GetOptions{}))
			is("ListPage under a context that has ended")(e.store.ListPage(cancelled,
				&storage.ListOptions{}))
			return nil
		},
	},
	{
		name: "error/no-doubt", feature: Errors,
		rule:   "rule 24: an error that the service or the driver is certain of is not in doubt",
		covers: []string{"Error.InDoubt"},
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), []byte("data"), nil); err != nil {
				return err
			}
			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			put := func(ctx context.Context, size int64, opts storage.PutOptions) error {
				_, err := e.store.Put(ctx, e.key("k"), bytes.NewReader([]byte("more")), size, &opts)
				return err
			}
			_, missing := e.store.Stat(ctx, e.key("missing"), &storage.StatOptions{})
			for what, err := range map[string]error{
				"Put with IfAbsent": put(ctx, 4, storage.PutOptions{IfAbsent: true}),
				"Put with IfMatch": put(ctx, 4,
					storage.PutOptions{IfMatch: storage.ETagNone}),
				"Put under a cancelled context":  put(cancelled, 4, storage.PutOptions{}),
				"Stat of a missing key":          missing,
				"Put of a body that is too long": put(ctx, 3, storage.PutOptions{}),
			} {
				var se *storage.Error
				switch {
				case err == nil:
					e.errorf("%s succeeded", what)
				case errors.As(err, &se) && se.InDoubt:
					e.errorf("%s is in doubt: %w", what, err)
				}
			}
			return nil
		},
	},
}, cancelledChecks()...)

// cancelledChecks has, for each method of a Store, a check that it does nothing once its context
// has ended.
func cancelledChecks() []check {
	calls := []struct {
		name    string
		feature Feature
		needs   []Feature
		call    func(ctx context.Context, e *env, key string) error
	}{
		{"get", Contexts, nil, func(ctx context.Context, e *env, key string) error {
			r, err := e.store.Get(ctx, key, &storage.GetOptions{})
			if err == nil {
				r.Body.Close()
			}
			return err
		}},
		{"put", Contexts, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.put(ctx, key, []byte("new"), nil)
			return err
		}},
		{"stat", Contexts, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.stat(ctx, key, nil)
			return err
		}},
		{"delete", Contexts, nil, func(ctx context.Context, e *env, key string) error {
			return e.store.Delete(ctx, key, &storage.DeleteOptions{})
		}},
		{"list", Contexts, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.list(ctx, &storage.ListOptions{Prefix: key})
			return err
		}},
		{"copy", Copy, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.copy(ctx, key, e.key("other"), nil)
			return err
		}},
		{"tags", Tags, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.store.Tags(ctx, key, &storage.TagsOptions{})
			return err
		}},
		{"delete-batch", DeleteBatch, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.store.DeleteBatch(ctx, []string{key}, &storage.DeleteBatchOptions{})
			return err
		}},
		{"create-upload", Multipart, nil, func(ctx context.Context, e *env, key string) error {
			_, err := e.begin(ctx, key, nil)
			return err
		}},
		{"complete-upload", Multipart, nil, func(ctx context.Context, e *env, key string) error {
			u, err := e.begin(context.WithoutCancel(ctx), key, nil)
			if err != nil {
				return err
			}
			if err := u.send(context.WithoutCancel(ctx), 10); err != nil {
				return err
			}
			_, err = u.complete(ctx, nil)
			return err
		}},
	}
	var checks []check
	for _, c := range calls {
		checks = append(checks, check{
			name: "context/cancelled-" + c.name, feature: c.feature, needs: c.needs,
			rule: fmt.Sprintf("rule 25: %s under a context that has ended is the context's "+
				"error, and does nothing", c.name),
			run: onObject(10, func(ctx context.Context, e *env, key string, data []byte) {
				if _, err := e.put(ctx, e.key("other"), pattern(20, 9), nil); !e.got("Put",
					err, nil) {
					return
				}
				cancelled, cancel := context.WithCancel(ctx)
				cancel()
				e.got(c.name, c.call(cancelled, e, key), context.Canceled)
				e.holds(ctx, key, data)
			}),
		})
	}
	return checks
}

// putBlocked notes a Put onto an object that is "old" which does not end with its context. The
// context ends when half of the source has been read, and from then on each Read begins with
// blocked.
func (e *env) putBlocked(
	ctx context.Context, what string,
	blocked func(ctx context.Context, returned <-chan struct{}) error,
) {
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	returned := make(chan struct{})
	body := &blockingBody{Reader: bytes.NewReader(pattern(1<<20, 1)), at: 1 << 19}
	body.blocked = func() error {
		cancel()
		return blocked(cancelled, returned)
	}
	start := e.calm.Now()
	_, err := e.store.Put(cancelled, e.key("k"), body, body.Size(), &storage.PutOptions{})
	close(returned)
	e.got("Put of "+what, err, context.Canceled)
	if took := e.calm.Now() - start; took > 10*time.Second {
		e.errorf("Put of %s returned after %v", what, took)
	}
	if body.all.Load() {
		e.errorf("Put read on to the end of %s, after its context had ended", what)
	}
	e.holds(ctx, e.key("k"), []byte("old"))
}

// blockingBody blocks before each Read from a byte on, and gives little then.
type blockingBody struct {
	*bytes.Reader
	at      int64
	blocked func() error
	all     atomic.Bool // the last byte was read
}

func (b *blockingBody) Read(p []byte) (int, error) {
	left := b.at - (b.Size() - int64(b.Len()))
	if left <= 0 {
		if err := b.blocked(); err != nil {
			return 0, err
		}
		left = 1 << 15
	}
	n, err := b.Reader.Read(p[:min(int64(len(p)), left)])
	b.all.Store(b.all.Load() || b.Len() == 0)
	return n, err
}

// WriteTo hides the one of bytes.Reader, which does not block.
func (b *blockingBody) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}
