package fault

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// CreateUpload begins an upload.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	return do(ctx, s, Call{Op: "CreateUpload", Key: key, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (string, error) {
			return s.inner.CreateUpload(ctx, key, opts)
		})
}

// PutPart writes a part.
func (s *Store) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	return do(ctx, s, Call{Op: "PutPart", Key: key, UploadID: id, Options: *opts}, body,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Part, error) {
			return s.inner.PutPart(ctx, key, id, number, body, size, opts)
		})
}

// CopyPart writes a part from an object.
func (s *Store) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	return do(ctx, s, Call{Op: "CopyPart", Key: key, UploadID: id, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Part, error) {
			return s.inner.CopyPart(ctx, key, id, number, src, opts)
		})
}

// CompleteUpload makes the object of the parts.
func (s *Store) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return do(ctx, s, Call{Op: "CompleteUpload", Key: key, UploadID: id, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.Object, error) {
			return s.inner.CompleteUpload(ctx, key, id, parts, opts)
		})
}

// AbortUpload drops an upload.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	return alone(ctx, s, Call{Op: "AbortUpload", Key: key, UploadID: id},
		func(ctx context.Context) error {
			return s.inner.AbortUpload(ctx, key, id)
		})
}

// ListPartsPage lists the parts of an upload.
func (s *Store) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	return do(ctx, s, Call{Op: "ListPartsPage", Key: key, UploadID: id, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.PartPage, error) {
			return s.inner.ListPartsPage(ctx, key, id, opts)
		})
}

// ListUploadsPage lists the uploads.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	return do(ctx, s, Call{Op: "ListUploadsPage", Key: opts.Prefix, Options: *opts}, nil,
		func(ctx context.Context, body io.ReadSeeker, _ Fault) (*storage.UploadPage, error) {
			return s.inner.ListUploadsPage(ctx, opts)
		})
}

// PartLimits are the inner Store's.
func (s *Store) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	return s.inner.PartLimits(opts)
}
