package conformance

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/polystore/storage"
)

// bucketResumeChecks are of transfers that another process goes on with.
var bucketResumeChecks = []check{
	{
		name: "bucket/suspend", feature: Buckets, needs: []Feature{Multipart},
		rule:   "rule 5: ResumeWriter goes on where Suspend stopped: the service holds whole parts",
		covers: []string{"Writer.Suspend", "Writer.Size", "Bucket.ResumeWriter"},
		run: func(ctx context.Context, e *env) error {
			part := int(e.part())
			b := e.bucket(&storage.Options{PartSize: int64(part)})
			opts := &storage.PutOptions{Metadata: map[string]string{"a": "b"}}
			data := pattern(2*part+2000, 1)
			w := b.NewWriter(ctx, "k", opts)
			defer w.Close()
			if _, err := w.Write(data[:2*part+1000]); err != nil {
				return err
			}
			token, err := w.Suspend()
			if !e.store.PartLimits(opts).Parallel {
				e.got("Suspend where parts are a session", err, errors.ErrUnsupported)
				return nil
			}
			if err != nil {
				return err
			}
			e.got("Close after Suspend", w.Close(), nil)
			_, err = w.Write([]byte("x"))
			e.got("Write after Suspend", err, storage.ErrClosed)
			e.missing(ctx, e.key("k"))
			_, err = b.ResumeWriter(ctx, "other", token, opts)
			e.got("ResumeWriter of another key", err, storage.ErrInvalid)
			_, err = b.ResumeWriter(ctx, "k", token, nil)
			e.got("ResumeWriter with other options", err, storage.ErrInvalid)
			another := e.bucket(&storage.Options{PartSize: int64(part)})
			w, err = another.ResumeWriter(ctx, "k", token, opts)
			if err != nil {
				return err
			}
			defer w.Close()
			if size := w.Size(); size != int64(2*part) {
				e.errorf("Size after ResumeWriter = %d, want the two parts of %d bytes", size, part)
				return nil
			}
			if _, err := w.Write(data[w.Size():]); err != nil {
				return err
			}
			if _, err := w.Commit(); !e.got("Commit", err, nil) {
				return nil
			}
			e.holds(ctx, e.key("k"), data)
			return nil
		},
	},
	{
		name: "bucket/suspend-gone", feature: Buckets, needs: []Feature{Multipart, ListParts},
		rule: "rule 24: ResumeWriter of an upload that is gone is ErrNotExist, with parts or none",
		run: func(ctx context.Context, e *env) error {
			part := int(e.part())
			b := e.bucket(&storage.Options{PartSize: int64(part)})
			if !e.store.PartLimits(new(storage.PutOptions)).Parallel {
				return nil // nothing is suspended
			}
			suspend := func(size int) (string, error) {
				w := b.NewWriter(ctx, "k", nil)
				defer w.Close()
				if _, err := w.Write(pattern(size, 1)); err != nil {
					return "", err
				}
				return w.Suspend()
			}
			end := func(what string, size int, end func(w *storage.Writer) error) error {
				token, err := suspend(size)
				if err != nil {
					return err
				}
				w, err := b.ResumeWriter(ctx, "k", token, nil)
				if err != nil {
					return err
				}
				defer w.Close()
				if err := end(w); err != nil {
					return err
				}
				w, err = b.ResumeWriter(ctx, "k", token, nil)
				if !e.got("ResumeWriter after "+what, err, storage.ErrNotExist) && err == nil {
					w.Close()
				}
				return nil
			}
			err := end("a commit", 2*part, func(w *storage.Writer) error {
				_, err := w.Commit()
				return err
			})
			if err != nil || !e.has(AbortUpload) {
				return err // without AbortUpload parts are all that there is of an upload
			}
			abort := func(w *storage.Writer) error {
				w.Close() // says that there is no object
				return nil
			}
			if err := end("an abort", 2*part, abort); err != nil {
				return err
			}
			return end("an abort, without parts", 1, abort)
		},
	},
	{
		name: "bucket/state-file", feature: Buckets, needs: []Feature{Multipart},
		rule:   "rule 5: a transfer with a StateFile goes on where the one before it failed",
		covers: []string{"PutOptions.StateFile", "GetOptions.StateFile"},
		run: func(ctx context.Context, e *env) error {
			part := int(e.part())
			trace := new(lastCall)
			b := e.bucket(&storage.Options{
				PartSize: int64(part), Concurrency: 1, Tracer: trace,
			})
			if !e.store.PartLimits(new(storage.PutOptions)).Parallel {
				return nil // every call begins anew
			}
			dir, err := os.MkdirTemp("", "state-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			data := pattern(3*part+1000, 1)
			source, target := filepath.Join(dir, "source"), filepath.Join(dir, "target")
			if err := os.WriteFile(source, data, 0o600); err != nil {
				return err
			}
			state := filepath.Join(dir, "state")
			transfer := func(
				what string, f func(ctx context.Context, progress func(storage.Progress)) error,
			) {
				broken, cancel := context.WithCancel(ctx)
				defer cancel()
				err := f(broken, func(p storage.Progress) {
					if p.Done > 0 {
						cancel()
					}
				})
				e.got(what+" that is cancelled", err, context.Canceled)
				if !e.got(what+" again", f(ctx, nil), nil) {
					return
				}
				if trace.call.Resumed == 0 || trace.call.Restarted != "" {
					e.errorf("%s began again, want it to go on: %q", what, trace.call.Restarted)
				}
				if _, err := os.Stat(state); err == nil {
					e.errorf("%s left its state", what)
				}
			}
			transfer("UploadFile", func(ctx context.Context, p func(storage.Progress)) error {
				_, err := b.UploadFile(ctx, "k", source, &storage.PutOptions{
					StateFile: state, Progress: p,
				})
				return err
			})
			e.holds(ctx, e.key("k"), data)
			transfer("DownloadFile", func(ctx context.Context, p func(storage.Progress)) error {
				_, err := b.DownloadFile(ctx, "k", target, &storage.GetOptions{
					StateFile: state, Progress: p,
				})
				return err
			})
			got, err := os.ReadFile(target)
			if err != nil {
				return err
			}
			e.same("the file", got, data)
			return nil
		},
	},
}

// lastCall is a Tracer that keeps the last call that ended.
type lastCall struct{ call storage.Call }

func (l *lastCall) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }
func (l *lastCall) EndCall(_ context.Context, c *storage.Call)                     { l.call = *c }
func (l *lastCall) EndRequest(context.Context, *storage.Request)                   {}
func (l *lastCall) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}
