package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var hedgedPartChecks = []check{{
	name: "engine/hedged-part", feature: Engine, needs: []Feature{Multipart},
	rule: "rule 26: where PutPart promises that the same bytes have the same ETag, a part that " +
		"is slower by far than those beside it is sent once more, and the object is whole " +
		"whatever becomes of the first; elsewhere, and with NoHedging, it is not",
	covers: []string{"Options.NoHedging"},
	run:    hedgedPart,
}}

// hedgedPart lets the first part of an upload hang, and arrive behind the hedge or not.
func hedgedPart(ctx context.Context, e *env) error {
	u, err := e.begin(ctx, e.key("promise"), nil)
	if err != nil {
		return err
	}
	if !u.limits.Parallel {
		return notRun("parts are sent one after the other: PartLimits.Parallel is false")
	}
	p, err := u.part(ctx, 1, pattern(1000, 1), 0, true)
	if err != nil {
		return err
	}
	u.parts = []*storage.Part{p}
	if _, err := u.complete(ctx, nil); err != nil {
		return err
	}
	for _, c := range []slowPart{
		{what: "a stream, and its first part hangs and comes late", slow: fault.Hang(), late: true,
			stream: true},
		{what: "a *bytes.Reader, and its first part has arrived when it is cut", slow: outrun()},
		{what: "a *bytes.Reader, with NoHedging", slow: fault.Hang(), off: true},
	} {
		if err := c.run(ctx, e, p.Repeatable); err != nil {
			return err
		}
		if !p.Repeatable {
			break
		}
	}
	return nil
}

// slowPart is an upload whose first part is slow.
type slowPart struct {
	what   string
	slow   fault.Fault
	late   bool // the first part arrives before the completion
	stream bool
	off    bool
}

// run makes the upload. On a busy machine the parts beside the slow one may be slow, too, so it
// gets some tries.
func (c *slowPart) run(ctx context.Context, e *env, repeatable bool) error {
	tracer := &hedgeTracer{Tracer: storage.LogTracer(slog.New(slog.DiscardHandler))}
	wanted := repeatable && !c.off
	r := e.rig(nil)
	opts := e.rigOptions(func(o *storage.Options) {
		o.NoHedging, o.Tracer, o.StallTimeout = c.off, tracer, stallTimeout
		if wanted {
			o.StallTimeout *= 10
		}
	})
	warm := &warmParts{FullStore: r.faults, key: r.key("warm"), wait: 4 * time.Millisecond}
	b := storage.New(warm, opts).Prefix(r.prefix)
	data := pattern(3*int(r.part)+1000, 3)
	for i := range 3 {
		if _, err := b.PutReaderAt(ctx, "warm", zeros{}, 40*r.part, nil); err != nil {
			return err
		}
		var body io.Reader = bytes.NewReader(data)
		if c.stream {
			body = onlyRead{body}
		}
		r.script("PutPart", c.slow)
		if c.late {
			r.faults.Next("CompleteUpload", fault.None().Before(func(
				ctx context.Context, inner storage.FullStore, call fault.Call,
			) error {
				if tracer.hedges.Load() > 0 {
					_, _ = inner.PutPart(ctx, call.Key, call.UploadID, 1,
						bytes.NewReader(data[:r.part]), r.part, &storage.PartOptions{})
				}
				return nil
			}))
		}
		name := fmt.Sprint("k", i)
		o, err := b.Put(ctx, name, body, nil)
		r.wrote(ctx, c.what, name, o, err, data)
		r.called(c.what, "CreateUpload", 1)
		if !wanted || tracer.hedges.Load() > 0 {
			break
		}
	}
	if made := tracer.hedges.Load() > 0; made != wanted {
		r.errorf("%s: a part was sent once more: %v; NoHedging is %v, Part.Repeatable is %v",
			c.what, made, c.off, repeatable)
	}
	r.noUploads(c.what)
	return nil
}

// warmParts is a service that takes the parts of one object in a time of its own, and keeps
// nothing of them, so that a Bucket knows how long a part takes. All else is another Store's.
type warmParts struct {
	storage.FullStore
	key  string
	wait time.Duration
}

// Unwrap returns the Store of all else.
func (w *warmParts) Unwrap() storage.Store { return w.FullStore }

func (w *warmParts) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if key == w.key {
		return "warm", nil
	}
	return w.FullStore.CreateUpload(ctx, key, opts)
}

func (w *warmParts) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if key != w.key {
		return w.FullStore.PutPart(ctx, key, id, number, body, size, opts)
	}
	t := time.NewTimer(w.wait)
	defer t.Stop()
	select {
	case <-t.C:
		return &storage.Part{Number: number, Size: size, ETag: "warm"}, nil
	case <-ctx.Done():
		return nil, &storage.Error{Err: ctx.Err()}
	}
}

func (w *warmParts) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if key == w.key {
		return &storage.Object{Key: key, Size: -1, ETag: `"warm"`}, nil
	}
	return w.FullStore.CompleteUpload(ctx, key, id, parts, opts)
}

// zeros is a source of any size.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}
