package conformance

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// again is the Store under test as the checks that need no Bucket see it. Rule 26 has drivers try
// once and the Bucket try again, and any service may say at any moment that it is busy or broke
// inside, or close a connection that a request has just begun on: those answers are no broken
// promise. What the service refused with certainty, any read, and any bytes without a condition are
// sent again a few times; everything is counted, for the Report.
type again struct {
	storage.FullStore
	count *atomic.Int64 // of the run
}

const (
	againAttempts = 4 // the first one included
	againPause    = 100 * time.Millisecond
	againLongest  = 5 * time.Second // whatever RetryAfter says
	againBudget   = 500             // in a run; a service that answers so all the time is broken
)

// Unwrap returns the Store under test.
func (a *again) Unwrap() storage.Store { return a.FullStore }

// sent makes a request until its answer is one of the service's own. twice says that it may have
// been carried out before.
func sent[T any](ctx context.Context, a *again, twice bool, send func() (T, error)) (T, error) {
	pause := againPause
	for n := 1; ; n++ {
		got, err := send()
		var e *storage.Error
		if err == nil || n == againAttempts || !errors.As(err, &e) ||
			!e.Is(storage.ErrThrottled) && !e.Is(storage.ErrUnavailable) ||
			e.InDoubt && !twice || !a.take() {
			return got, err
		}
		wait := min(max(pause, e.RetryAfter), againLongest)
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(wait + rand.N(wait/2)):
		}
		pause *= 2
	}
}

// take counts a request that is sent again, unless there were too many.
func (a *again) take() bool {
	if a.count.Add(1) > againBudget {
		a.count.Add(-1)
		return false
	}
	return true
}

// sentBody is sent for a request with a body, which is read from where it began.
func sentBody[T any](
	ctx context.Context, a *again, twice bool, body io.ReadSeeker, send func() (T, error),
) (T, error) {
	first := true
	return sent(ctx, a, twice, func() (T, error) {
		if !first {
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				var none T
				return none, err
			}
		}
		first = false
		return send()
	})
}

func (a *again) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	return sent(ctx, a, true, func() (*storage.GetResult, error) {
		return a.FullStore.Get(ctx, key, opts)
	})
}

func (a *again) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	free := opts == nil || !opts.IfAbsent && opts.IfMatch == ""
	return sentBody(ctx, a, free, body, func() (*storage.Object, error) {
		return a.FullStore.Put(ctx, key, body, size, opts)
	})
}

func (a *again) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	return sent(ctx, a, true, func() (*storage.Object, error) {
		return a.FullStore.Stat(ctx, key, opts)
	})
}

func (a *again) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	_, err := sent(ctx, a, false, func() (struct{}, error) {
		return struct{}{}, a.FullStore.Delete(ctx, key, opts)
	})
	return err
}

func (a *again) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	return sent(ctx, a, true, func() (*storage.Page, error) {
		return a.FullStore.ListPage(ctx, opts)
	})
}

func (a *again) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return sent(ctx, a, false, func() (*storage.CopyResult, error) {
		return a.FullStore.Copy(ctx, dst, src, opts)
	})
}

func (a *again) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	return sent(ctx, a, false, func() (string, error) {
		return a.FullStore.CreateUpload(ctx, key, opts)
	})
}

func (a *again) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	return sentBody(ctx, a, true, body, func() (*storage.Part, error) {
		return a.FullStore.PutPart(ctx, key, id, number, body, size, opts)
	})
}

func (a *again) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	return sent(ctx, a, false, func() (*storage.Part, error) {
		return a.FullStore.CopyPart(ctx, key, id, number, src, opts)
	})
}

func (a *again) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return sent(ctx, a, false, func() (*storage.Object, error) {
		return a.FullStore.CompleteUpload(ctx, key, id, parts, opts)
	})
}

func (a *again) AbortUpload(ctx context.Context, key, id string) error {
	_, err := sent(ctx, a, false, func() (struct{}, error) {
		return struct{}{}, a.FullStore.AbortUpload(ctx, key, id)
	})
	return err
}

func (a *again) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	return sent(ctx, a, true, func() (*storage.PartPage, error) {
		return a.FullStore.ListPartsPage(ctx, key, id, opts)
	})
}

func (a *again) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	return sent(ctx, a, true, func() (*storage.UploadPage, error) {
		return a.FullStore.ListUploadsPage(ctx, opts)
	})
}

func (a *again) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	return sent(ctx, a, false, func() ([]error, error) {
		return a.FullStore.DeleteBatch(ctx, keys, opts)
	})
}
