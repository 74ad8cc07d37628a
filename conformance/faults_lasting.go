package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// lastingPaths go on with a transfer that an earlier call has begun. What a fault stops, a further
// call must bring to its end.
var lastingPaths = []faultPath{
	{
		name: "upload-state", needs: multipart, parallel: true, writes: true, large: true,
		before: func(ctx context.Context, c *cell) error {
			return errors.Join(putOld(ctx, c), c.breakOff(ctx, (*cell).upload,
				fault.Rule{Op: "PutPart", Skip: 1, Times: fault.Always, Fault: fault.Unsent()}))
		},
		call: func(ctx context.Context, c *cell) error { return c.upload(ctx, c.b) },
		after: func(ctx context.Context, c *cell, result error) error {
			if err := c.holds(ctx, result, c.m.data().old, c.m.data().largeNew); err != nil {
				return err
			}
			if err := c.last(ctx, result, (*cell).upload); err != nil || result == nil {
				return err
			}
			return c.isOne(ctx, c.key, nil, [][]byte{c.m.data().largeNew})
		},
	},
	{
		name: "download-state", parallel: true, large: true,
		before: func(ctx context.Context, c *cell) error {
			if err := putLarge(ctx, c); err != nil {
				return err
			}
			return c.breakOff(ctx, (*cell).download,
				fault.Rule{Op: "Get", Fault: fault.Cut(c.m.part / 2)},
				fault.Rule{Op: "Get", Times: fault.Always, Fault: fault.Unsent()})
		},
		call: func(ctx context.Context, c *cell) error { return c.download(ctx, c.b) },
		after: func(ctx context.Context, c *cell, result error) error {
			if result == nil {
				return errors.Join(c.arrived(), c.last(ctx, nil, (*cell).download))
			}
			now, err := os.ReadFile(c.target())
			if err != nil || !bytes.Equal(now, c.m.data().old) {
				return fmt.Errorf("the download failed, and the file of before has %d bytes: %v",
					len(now), err)
			}
			return errors.Join(c.last(ctx, result, (*cell).download), c.arrived())
		},
	},
	{
		name: "writer-resumed", needs: multipart, parallel: true, before: putOld,
		writes: true, large: true, fails: lateParts,
		call: func(ctx context.Context, c *cell) error {
			data := c.m.data().largeNew
			token, err := c.suspend(ctx, c.b)
			if err != nil {
				return err
			}
			w, err := c.b.ResumeWriter(ctx, c.key, token, nil)
			if err != nil {
				c.token = token
				return err
			}
			defer w.Close()
			if w.Size() != c.m.part {
				return fmt.Errorf("%d bytes after ResumeWriter, want a part", w.Size())
			}
			if _, err := w.Write(data[w.Size():]); err != nil {
				return err
			}
			_, err = w.Commit()
			return err
		},
		after: func(ctx context.Context, c *cell, result error) error {
			if err := c.holds(ctx, result, c.m.data().old, c.m.data().largeNew); err != nil {
				return err
			}
			return c.closeSuspended(ctx)
		},
	},
	{
		name: "writer-resumed-and-closed", parallel: true, writes: true, large: true,
		needs: func(c *storage.Capabilities) bool { return c.Multipart && c.AbortUpload },
		before: func(ctx context.Context, c *cell) (err error) {
			if err := putOld(ctx, c); err != nil {
				return err
			}
			c.token, err = c.suspend(ctx, c.m.clean)
			return err
		},
		call: func(ctx context.Context, c *cell) error {
			w, err := c.b.ResumeWriter(ctx, c.key, c.token, nil)
			if err != nil {
				return err
			}
			c.token = ""
			if err := w.Close(); !errors.Is(err, storage.ErrNotCommitted) {
				return fmt.Errorf("Close = %w, want %w", err, storage.ErrNotCommitted)
			}
			return nil
		},
		after: func(ctx context.Context, c *cell, result error) error {
			return errors.Join(c.holds(ctx, result, c.m.data().old, c.m.data().old),
				c.closeSuspended(ctx))
		},
	},
}

func (c *cell) state() string  { return filepath.Join(c.dir, "state") }
func (c *cell) target() string { return filepath.Join(c.dir, "target") }

// upload writes the large new bytes from a file, with a state.
func (c *cell) upload(ctx context.Context, b *storage.Bucket) error {
	name, err := c.m.source()
	if err != nil {
		return err
	}
	_, err = b.UploadFile(ctx, c.key, name, &storage.PutOptions{
		StateFile: c.state(), PartSize: c.m.part,
	})
	return err
}

// download reads the object into a file, with a state.
func (c *cell) download(ctx context.Context, b *storage.Bucket) error {
	_, err := b.DownloadFile(ctx, c.key, c.target(), &storage.GetOptions{StateFile: c.state()})
	return err
}

// breakOff makes the first call of a transfer, which the rules stop in the middle. A file of before
// is at the target.
func (c *cell) breakOff(
	ctx context.Context, call func(*cell, context.Context, *storage.Bucket) error,
	rules ...fault.Rule,
) (err error) {
	if c.dir, err = os.MkdirTemp(c.m.dir, "cell-"); err != nil {
		return err
	}
	if err := os.WriteFile(c.target(), c.m.data().old, 0o600); err != nil {
		return err
	}
	t := &fault.Transport{
		Base: c.m.o.Transport, Service: c.m.o.Service, Classify: c.m.o.Classify,
	}
	s, err := c.m.o.Open(ctx, &http.Client{Transport: t})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	t.Reset()
	for _, r := range rules {
		t.Add(r)
	}
	b := storage.New(s, &storage.Options{
		Retry: storage.RetryOptions{Attempts: 1}, PartSize: c.m.part, Concurrency: 1,
	})
	defer b.Close()
	if err := call(c, ctx, b); !errors.Is(err, storage.ErrUnavailable) {
		return fmt.Errorf("the first call = %w, want %w", err, storage.ErrUnavailable)
	}
	if _, err := os.Stat(c.state()); err != nil {
		return fmt.Errorf("the first call has left no state: %w", err)
	}
	return nil
}

// last makes a further call of a transfer that has failed. It must succeed, and success leaves no
// state.
func (c *cell) last(
	ctx context.Context, result error, call func(*cell, context.Context, *storage.Bucket) error,
) error {
	if result != nil {
		if err := call(c, ctx, c.m.clean); err != nil {
			return fmt.Errorf("the call after %w: %w", result, err)
		}
	}
	if _, err := os.Stat(c.state()); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a success has left its state: %v", err)
	}
	return nil
}

// arrived says that the target has the bytes of no version.
func (c *cell) arrived() error {
	got, err := os.ReadFile(c.target())
	switch {
	case err != nil:
		return err
	case bytes.Equal(got, c.m.data().largeOld):
		return nil
	case c.rivalled && bytes.Equal(got, c.m.data().rival):
		return nil
	}
	return fmt.Errorf("%w: %d bytes that no version has", errTorn, len(got))
}

// suspend writes a part, and some bytes more.
func (c *cell) suspend(ctx context.Context, b *storage.Bucket) (string, error) {
	w := b.NewWriter(ctx, c.key, &storage.PutOptions{PartSize: c.m.part})
	defer w.Close()
	if _, err := w.Write(c.m.data().largeNew[:c.m.part+500]); err != nil {
		return "", err
	}
	return w.Suspend()
}

// closeSuspended takes up the write that ResumeWriter has failed to take up, and drops it.
func (c *cell) closeSuspended(ctx context.Context) error {
	if c.token == "" {
		return nil
	}
	w, err := c.m.clean.ResumeWriter(ctx, c.key, c.token, nil)
	if err != nil {
		return fmt.Errorf("ResumeWriter once more: %w", err)
	}
	if err := w.Close(); !errors.Is(err, storage.ErrNotCommitted) {
		return fmt.Errorf("Close = %w, want %w", err, storage.ErrNotCommitted)
	}
	return nil
}
