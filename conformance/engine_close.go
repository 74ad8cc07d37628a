package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var closeChecks = []check{
	{
		name: "engine/close-aborts", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 3: closing a Bucket aborts what its Writers had begun",
		run: func(ctx context.Context, e *env) error {
			r := e.rig(nil)
			whole := storage.New(r.faults, &storage.Options{PartSize: r.part})
			w := whole.NewWriter(ctx, r.key("k"), nil)
			defer w.Close()
			if _, err := w.Write(pattern(int(2*r.part+1), 1)); err != nil {
				return err
			}
			r.got("Close of a Bucket with an open Writer", whole.Close(), nil)
			r.noUploads("Close of a Bucket with an open Writer")
			_, err := w.Write([]byte("more"))
			r.got("Write after Close of the Bucket", err, storage.ErrClosed)
			_, err = w.Commit()
			r.got("Commit after Close of the Bucket", err, storage.ErrClosed)
			r.missing(ctx, r.key("k"))
			return nil
		},
	},
	{
		name: "engine/close-during", feature: Engine,
		rule: "rule 25: closing a Bucket ends the calls that are under way in it with ErrClosed",
		run:  closeDuring,
	},
	{
		name: "engine/close-reader", feature: Engine,
		rule: "rule 25: closing a Reader, a ReaderAt or a Writer ends a call that is under way " +
			"in it on another goroutine with ErrClosed",
		run: func(ctx context.Context, e *env) error {
			return closeReader(ctx, e.rig(func(o *storage.Options) { o.Retry.MaxDelay = longWait }))
		},
	},
	{
		name: "engine/hang", feature: Engine,
		rule: "rule 25: every call ends with its context, whatever it waits for",
		run: func(ctx context.Context, e *env) error {
			return hangs(ctx, e.rig(func(o *storage.Options) { o.Retry.MaxDelay = longWait }))
		},
	},
}

// longWait is a Retry-After that is not waited for to its end.
const longWait = 6 * time.Second

// blocked runs do until a request of it meets the last of faults, calls then, and returns what do
// returned.
func (r *rig) blocked(
	ctx context.Context, op string, faults []fault.Fault, do func() error, then func(),
) error {
	arrived := make(chan struct{}, 1)
	last := len(faults) - 1
	faults = slices.Clone(faults)
	faults[last] = faults[last].Before(func(context.Context, storage.FullStore, fault.Call) error {
		arrived <- struct{}{}
		return nil
	})
	r.script(op, faults...)
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case <-arrived:
	case err := <-done:
		return fmt.Errorf("it did not wait for %s: %w", op, err)
	case <-ctx.Done():
		return ctx.Err()
	}
	then()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it did not come back: %w", ctx.Err())
	}
}

func closeDuring(ctx context.Context, e *env) error {
	if _, err := e.put(ctx, e.key("k"), pattern(1000, 1), nil); err != nil {
		return err
	}
	for _, c := range []struct {
		op string
		f  []fault.Fault
		do func(b *storage.Bucket) error
	}{
		{"Get", []fault.Fault{fault.Hang()}, func(b *storage.Bucket) error {
			_, err := b.ReadAll(ctx, e.key("k"), nil)
			return err
		}},
		{"Get", []fault.Fault{fault.Stall(10)}, func(b *storage.Bucket) error {
			_, err := b.ReadAll(ctx, e.key("k"), nil)
			return err
		}},
		{"Stat", []fault.Fault{fault.Hang()}, func(b *storage.Bucket) error {
			_, err := b.Stat(ctx,
				e.key("k"), nil)
			return err
		}},
		{"ListPage", []fault.Fault{fault.Hang()}, func(b *storage.Bucket) error {
			for _, err := range b.List(ctx, nil) {
				return err
			}
			return nil
		}},
		{"Put", []fault.Fault{fault.Hang()}, func(b *storage.Bucket) error {
			_, err := b.Put(ctx, e.key("new"), bytes.NewReader([]byte("new")), nil)
			return err
		}},
		{"Stat", []fault.Fault{fault.Throttle(longWait)},
			func(b *storage.Bucket) error { // it waits for its next attempt
				_, err := b.Stat(ctx, e.key("k"), nil)
				return err
			}},
	} {
		r := e.rig(nil)
		b := storage.New(r.faults,
			&storage.Options{Retry: storage.RetryOptions{MaxDelay: longWait}})
		start := e.calm.Now()
		err := r.blocked(ctx, c.op, c.f, func() error { return c.do(b) }, func() { b.Close() })
		r.got(fmt.Sprintf("%s, its Bucket closed meanwhile", c.op), err, storage.ErrClosed)
		if took := e.calm.Now() - start; took > longWait/2 {
			r.errorf("%s, its Bucket closed meanwhile, came back after %v", c.op, took)
		}
		r.got(c.op+" of a closed Bucket", c.do(b), storage.ErrClosed)
		r.got("Close again", b.Close(), nil)
	}
	e.missing(ctx, e.key("new"))
	return nil
}

func closeReader(ctx context.Context, r *rig) error {
	if _, err := r.put(ctx, r.key("k"), pattern(readSize, 1), nil); err != nil {
		return err
	}
	for _, c := range []struct {
		what        string
		faults      []fault.Fault
		concurrency int
	}{
		{"Read of a body that stalls", []fault.Fault{fault.Stall(10)}, 1},
		{"Read of bodies at once, one of which stalls", []fault.Fault{fault.Stall(10)}, 3},
		{"Read that goes on, and its request hangs", []fault.Fault{fault.Cut(10), fault.Hang()}, 1},
		{"Read that waits for another attempt",
			[]fault.Fault{fault.Cut(10), fault.Throttle(longWait)}, 1},
	} {
		start := r.calm.Now()
		var rd *storage.Reader
		opened := make(chan struct{})
		err := r.blocked(ctx, "Get", c.faults, func() (err error) {
			rd, err = r.b.Get(ctx, "k", &storage.GetOptions{Concurrency: c.concurrency})
			close(opened)
			if err == nil {
				_, err = io.ReadAll(onlyRead{rd})
			}
			return err
		}, func() {
			<-opened
			if rd != nil {
				rd.Close()
			}
		})
		r.got(c.what+", its Reader closed meanwhile", err, storage.ErrClosed)
		if took := r.calm.Now() - start; took > longWait/2 {
			r.errorf("%s, its Reader closed meanwhile, came back after %v", c.what, took)
		}
	}

	r.faults.Reset()
	ra, err := r.b.NewReaderAt(ctx, "k", nil)
	if err != nil {
		return err
	}
	err = r.blocked(ctx, "Get", []fault.Fault{fault.Hang()},
		func() error { _, err := ra.ReadAt(make([]byte, 10), 0); return err }, func() {
			ra.Close()
		})
	r.got("ReadAt, its ReaderAt closed meanwhile", err, storage.ErrClosed)

	if r.has(Multipart) {
		w := r.b.NewWriter(ctx, "new", nil)
		data := pattern(int(2*r.part+1), 1)
		err = r.blocked(ctx, "PutPart", []fault.Fault{fault.Hang()}, func() error {
			_, err := w.Write(data)
			if err == nil {
				_, err = w.Commit()
			}
			return err
		}, func() { w.Close() })
		r.got("Write, its Writer closed meanwhile", err, storage.ErrClosed)
		r.noUploads("Write, its Writer closed meanwhile")
	}
	r.missing(ctx, r.key("new"))
	return nil
}

// hangs cancels a call while each of its requests hangs.
func hangs(ctx context.Context, r *rig) error {
	if _, err := r.put(ctx, r.key("k"), pattern(1000, 1), nil); err != nil {
		return err
	}
	for _, c := range []struct {
		op string
		f  []fault.Fault
		do func(ctx context.Context) error
	}{
		{"Get", []fault.Fault{fault.Hang()}, func(ctx context.Context) error {
			_, err := r.b.ReadAll(ctx, "k", nil)
			return err
		}},
		{"Get", []fault.Fault{fault.Stall(10)}, func(ctx context.Context) error {
			_, err := r.b.ReadAll(ctx, "k", nil)
			return err
		}},
		{"Stat", []fault.Fault{fault.Hang()}, func(ctx context.Context) error {
			_, err := r.b.Stat(ctx, "k", nil)
			return err
		}},
		{"Stat", []fault.Fault{fault.Throttle(longWait)}, func(ctx context.Context) error {
			_, err := r.b.Stat(ctx, "k", nil)
			return err
		}},
		{"ListPage", []fault.Fault{fault.Hang()}, func(ctx context.Context) error {
			_, err := r.b.ListPage(ctx, nil)
			return err
		}},
		{"Put", []fault.Fault{fault.Hang()}, func(ctx context.Context) error {
			_, err := r.b.Put(ctx, "new", bytes.NewReader([]byte("new")), nil)
			return err
		}},
		{"Delete", []fault.Fault{fault.Hang()}, func(ctx context.Context) error {
			return r.b.Delete(ctx, "k", nil)
		}},
	} {
		own, cancel := context.WithCancel(ctx)
		err := r.blocked(ctx, c.op, c.f, func() error { return c.do(own) }, cancel)
		r.got(c.op+", cancelled while it hangs", err, context.Canceled)
	}
	r.missing(ctx, r.key("new"))
	r.holds(ctx, r.key("k"), pattern(1000, 1))
	return nil
}
