package fault

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// Get opens an object; the faults of bodies act on what it returns.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	return do(ctx, s, Call{Op: "Get", Key: key, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, f Fault) (*storage.GetResult, error) {
			res, err := s.inner.Get(ctx, key, opts)
			if err == nil && f.lost {
				res.Body.Close()
			}
			if err == nil && f.body != nil {
				res.Body = f.body(&stream{ReadCloser: res.Body, ctx: ctx, says: ofStore})
			}
			return res, err
		})
}

// Put writes an object.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	return do(ctx, s, Call{Op: "Put", Key: key, Options: *opts}, body,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Object, error) {
			return s.inner.Put(ctx, key, body, size, opts)
		})
}

// Stat describes an object.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	return do(ctx, s, Call{Op: "Stat", Key: key, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Object, error) {
			return s.inner.Stat(ctx, key, opts)
		})
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	return alone(ctx, s, Call{Op: "Delete", Key: key, Options: *opts},
		func(ctx context.Context) error {
			return s.inner.Delete(ctx, key, opts)
		})
}

// ListPage lists objects.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	return do(ctx, s, Call{Op: "ListPage", Key: opts.Prefix, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Page, error) {
			return s.inner.ListPage(ctx, opts)
		})
}

// Copy copies an object; its key is the destination's.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return do(ctx, s, Call{Op: "Copy", Key: dst, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.CopyResult, error) {
			return s.inner.Copy(ctx, dst, src, opts)
		})
}

// DeleteBatch removes objects; it has no key.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	return do(ctx, s, Call{Op: "DeleteBatch", Options: *opts}, nil, func(ctx context.Context,
		body io.ReadSeeker, _ Fault) ([]error, error) {
		return s.inner.DeleteBatch(ctx, keys, opts)
	})
}

// MaxBatch is the inner Store's.
func (s *Store) MaxBatch() int { return s.inner.MaxBatch() }

// SignURL signs a URL.
func (s *Store) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	return do(ctx, s, Call{Op: "SignURL", Key: key, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.SignedURL, error) {
			return s.inner.SignURL(ctx, key, opts)
		})
}

// Tags reads the tags of an object.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	return do(ctx, s, Call{Op: "Tags", Key: key, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (map[string]string, error) {
			return s.inner.Tags(ctx, key, opts)
		})
}
