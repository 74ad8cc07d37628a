package counted

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/polystore/storage"
)

// trouble is what happens to the first request of every write.
type trouble string

const (
	lost    trouble = "lost"    // the service carries it out, and its answer does not arrive
	doubled trouble = "doubled" // a proxy delivers it twice, and passes on the second answer
)

// op is what the Store was really told of one conditional write, and what came of it.
type op struct {
	writes   atomic.Int32 // requests that write the object
	requests atomic.Int32 // all
	happened atomic.Bool  // one of them did it
}

type opKey struct{}

// unreliable is a Store whose writes meet trouble. What happened is noted in the op of the context.
type unreliable struct {
	storage.FullStore
	trouble trouble
}

func (u *unreliable) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.write(ctx, func() (*storage.Object, error) {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return u.FullStore.Put(ctx, key, body, size, opts)
	})
}

func (u *unreliable) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.write(ctx, func() (*storage.Object, error) {
		return u.FullStore.CompleteUpload(ctx, key, id, parts, opts)
	})
}

func (u *unreliable) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if o, ok := ctx.Value(opKey{}).(*op); ok {
		o.requests.Add(1)
	}
	return u.FullStore.Stat(ctx, key, opts)
}

// write makes one request that writes, and the trouble with it.
func (u *unreliable) write(
	ctx context.Context, request func() (*storage.Object, error),
) (*storage.Object, error) {
	o, ok := ctx.Value(opKey{}).(*op)
	if !ok {
		return request()
	}
	first := o.writes.Add(1) == 1
	o.requests.Add(1)
	send := func() (*storage.Object, error) {
		made, err := request()
		if err == nil {
			o.happened.Store(true)
		}
		return made, err
	}
	made, err := send()
	switch {
	case !first:
	case u.trouble == doubled:
		return send()
	case u.trouble == lost:
		return nil, &storage.Error{
			Kind: storage.ErrUnavailable, InDoubt: true,
			Err: errors.New("the answer was lost"),
		}
	}
	return made, err
}
