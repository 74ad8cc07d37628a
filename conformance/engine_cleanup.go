package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// endingSource gives data and then does what end does, in place of an io.EOF.
type endingSource struct {
	data []byte
	end  func() error
}

func (s *endingSource) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, s.end()
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *endingSource) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(s.data)) {
		return 0, s.end()
	}
	return copy(p, s.data[off:]), nil
}

var cleanUpChecks = []check{
	{
		name: "engine/ending-source", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 3: a source that fails, panics or is cancelled at any size leaves what was " +
			"there before, and no upload",
		run: rigged(endingSources),
	},
	{
		name: "engine/shrinking-source", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 3: a source shorter than its stated size is io.ErrUnexpectedEOF, and nothing " +
			"becomes visible",
		run: rigged(func(ctx context.Context, r *rig) error {
			for _, size := range []int64{10, r.part + 1000} {
				src := bytes.NewReader(pattern(int(size)-1, 1))
				_, err := r.b.PutReaderAt(ctx, "k", src, size, nil)
				what := fmt.Sprintf("PutReaderAt of %d bytes that are one less", size)
				r.got(what, err, io.ErrUnexpectedEOF)
				r.missing(ctx, r.key("k"))
				r.noUploads(what)
			}
			return nil
		}),
	},
	{
		name: "engine/cancelled-upload", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 3: an upload that is cancelled at any of its requests is aborted, by a " +
			"request of its own",
		run: rigged(func(ctx context.Context, r *rig) error {
			data := r.large(1)
			for _, op := range []string{"CreateUpload", "PutPart", "CompleteUpload"} {
				ctx, cancel := context.WithCancel(ctx)
				cancels := func(context.Context, storage.FullStore, fault.Call) error {
					cancel()
					return nil
				}
				r.script(op, fault.None().Before(cancels))
				_, err := r.b.Put(ctx, "k", bytes.NewReader(data), nil)
				cancel()
				what := "Put in parts, cancelled at " + op
				if err != nil || op != "CompleteUpload" { // it may be too late for that one
					r.got(what, err, context.Canceled)
				}
				r.noUploads(what)
			}
			return nil
		}),
	},
	{
		name: "engine/abort-timeout", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 3: a cancelled call returns within AbortTimeout, also where the abort gets " +
			"no answer",
		covers: []string{"Options.AbortTimeout"},
		run: func(ctx context.Context, e *env) error {
			const limit = 500 * time.Millisecond
			r := e.rig(func(o *storage.Options) { o.AbortTimeout = limit })
			data := r.large(1)
			for _, op := range []string{"CreateUpload", "PutPart"} {
				ctx, cancel := context.WithCancel(ctx)
				var cancelled time.Duration
				r.script(op, fault.Hang().Before(func(
					context.Context, storage.FullStore, fault.Call,
				) error {
					cancelled = r.calm.Now()
					cancel()
					return nil
				}))
				r.always("AbortUpload", fault.Hang())
				_, err := r.b.Put(ctx, "k", onlyRead{bytes.NewReader(data)}, nil)
				took := r.calm.Now() - cancelled
				cancel()
				r.got("Put, cancelled while "+op+" hangs", err, context.Canceled)
				if took > 4*limit {
					r.errorf("Put, cancelled while %s hangs, came back after %v, want about %v "+
						"at most", op, took, limit)
				}
			}
			r.missing(ctx, r.key("k"))
			return nil
		},
	},
	{
		name: "engine/blocked-source", feature: Engine,
		rule: "rule 3: a write whose source gives no byte returns within AbortTimeout after its " +
			"context ended, and leaves what was there",
		run: blockedSource,
	},
	{
		name: "engine/abort-storm", feature: Engine, needs: []Feature{Multipart, AbortUpload},
		rule: "rule 3: the abort of a failed upload is tried until it succeeds or AbortTimeout " +
			"is over, outside of the retry budget",
		run: abortStorm,
	},
}

// blockedSource ends the context of a write under a source that does not care.
func blockedSource(ctx context.Context, e *env) error {
	const limit = time.Second // a busy machine has to abort in it
	r := e.rig(func(o *storage.Options) { o.AbortTimeout = limit })
	if _, err := r.put(ctx, r.key("k"), []byte("old"), nil); err != nil {
		return err
	}
	sizes := []int64{1000}
	if r.has(Multipart) {
		sizes = append(sizes, r.part+1000)
	}
	for _, size := range sizes {
		for name, put := range map[string]func(context.Context, *endingSource) error{
			"Put": func(ctx context.Context, src *endingSource) error {
				_, err := r.b.Put(ctx, "k", src, nil)
				return err
			},
			"PutReaderAt": func(ctx context.Context, src *endingSource) error {
				_, err := r.b.PutReaderAt(ctx, "k", src, size+1, nil)
				return err
			},
			"ReadFrom": func(ctx context.Context, src *endingSource) error {
				w := r.b.NewWriter(ctx, "k", nil)
				defer w.Close()
				_, err := w.ReadFrom(src)
				return err
			},
		} {
			ctx, cancel := context.WithCancel(ctx)
			free := make(chan struct{})
			release := sync.OnceFunc(func() { close(free) })
			late := time.AfterFunc(5*limit, release) // of a call that waits for the source
			var cancelled time.Duration
			err := put(ctx, &endingSource{pattern(int(size), 1), func() error {
				cancelled = r.calm.Now()
				cancel()
				<-free
				return io.EOF
			}})
			took := r.calm.Now() - cancelled
			late.Stop()
			release()
			cancel()
			what := fmt.Sprintf("%s of a source that blocks after %d bytes", name, size)
			r.got(what, err, context.Canceled)
			if took > 4*limit {
				r.errorf("%s came back %v after its context ended, want %v at most", what, took,
					limit)
				return nil
			}
			r.noUploads(what)
		}
	}
	r.holds(ctx, r.key("k"), []byte("old"))
	return nil
}

// abortStorm lets the service refuse aborts more often than a request is tried again.
func abortStorm(ctx context.Context, e *env) error {
	r := e.rig(func(o *storage.Options) { o.Retry.Budget = 1 })
	for _, f := range []fault.Fault{
		fault.Throttle(0), fault.Throttle(time.Hour), fault.Unsent(), fault.Doubt(),
	} {
		r.faults.Reset()
		r.always("PutPart", fault.Refuse(&storage.Error{Kind: storage.ErrPermission}))
		r.faults.Next("AbortUpload", f, f, f, f, f, f)
		_, err := r.b.Put(ctx, "k", bytes.NewReader(r.large(1)), nil)
		r.got("Put whose parts are refused", err, storage.ErrPermission)
		r.called("a Put whose parts are refused, and its abort six times", "AbortUpload", 7)
		r.noUploads("after an abort that failed six times")
	}
	return nil
}

// endingSources tries every way not to reach io.EOF at every size class.
func endingSources(ctx context.Context, r *rig) error {
	old, err := r.put(ctx, r.key("k"), []byte("the old object"), nil)
	if err != nil {
		return err
	}
	sizes := []int64{0, 1, r.part, r.part + 1}
	if r.opts.Full {
		sizes = append(sizes, r.part-1, 2*r.part, 3*r.part+1)
	}
	for _, size := range sizes {
		data := pattern(int(size), 1)
		for _, way := range []string{"fails", "panics", "is cancelled"} {
			ctx, cancel := context.WithCancel(ctx)
			end, want := func() error { return errSource }, errSource
			switch way {
			case "panics":
				end = func() error { panic(errSource) }
			case "is cancelled":
				want = context.Canceled
				end = func() error { cancel(); return ctx.Err() }
			}
			for name, do := range map[string]func(src *endingSource) error{
				"Put": func(src *endingSource) error {
					_, err := r.b.Put(ctx, "k",
						src, nil)
					return err
				},
				"PutReaderAt": func(src *endingSource) error {
					_, err := r.b.PutReaderAt(ctx, "k", src, size+1, nil)
					return err
				},
				"Writer": func(src *endingSource) error {
					w := r.b.NewWriter(ctx, "k", nil)
					defer w.Close()
					if _, err := io.Copy(w, src); err != nil {
						return err
					}
					_, err := w.Commit()
					return err
				},
			} {
				what := fmt.Sprintf("%s of a source that %s after %d bytes", name, way, size)
				err := recovered(func() error { return do(&endingSource{data, end}) })
				r.got(what, err, want)
				r.noUploads(what)
			}
			cancel()
		}
		if now, err := r.stat(ctx, r.key("k"), nil); err != nil || now.ETag != old.ETag {
			r.errorf("after sources that end at %d bytes: Stat = %+v, %v; want the old object",
				size, now, err)
		}
	}
	return nil
}

// recovered gives a panic with an error as that error.
func recovered(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case error:
			err = v
		default:
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f()
}
