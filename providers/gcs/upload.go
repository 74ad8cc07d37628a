package gcs

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// An upload is of one of two kinds, and its ID says which: "m" and the service's ID of an XML multipart upload, or "r" and a name of our
// own for a resumable session.

// multipartID returns the service's ID of an XML multipart upload.
func multipartID(uploadID string) (string, bool) {
	if len(uploadID) > 1 && uploadID[0] == 'm' {
		return uploadID[1:], true
	}
	return "", false
}

// resumable reports whether an object with these options goes up by a resumable session: XML multipart uploads know no conditions,
// https://cloud.google.com/storage/docs/multipart-uploads, and emulators know no XML multipart uploads.
func (s *Store) resumable(opts *storage.PutOptions) bool {
	return s.emulator || opts.IfAbsent || opts.IfMatch != ""
}

// PartLimits are those of XML multipart uploads or, where the options hold a condition and on emulators, of resumable sessions.
func (s *Store) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	if s.resumable(opts) {
		return storage.PartLimits{Max: maxObject, Multiple: chunk, MaxObject: maxObject, Count: maxObject / chunk}
	}
	return storage.PartLimits{Min: minPart, Max: maxPart, MaxObject: maxObject, Count: maxParts, Parallel: true}
}

// CreateUpload makes one request: it begins an XML multipart upload or, with a condition, a resumable session, which lives in this
// Store: another one does not know it.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	attrs, err := attributesOf(key, opts)
	if err != nil {
		return "", err
	}
	if s.resumable(opts) {
		return s.createSession(ctx, attrs, opts)
	}
	return s.createMultipart(ctx, key, attrs)
}

// PutPart makes one request; a part of a resumable session may take several, since the service says how much of each it keeps.
func (s *Store) PutPart(ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64, opts *storage.PartOptions) (*storage.Part, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if number < 1 {
		return nil, invalid("part number %d", number)
	}
	src, err := wire.NewSource(body, size)
	if err != nil {
		return nil, err
	}
	sum, err := s.seal(ctx, src.Section(0, size), new(storage.Checksums))
	if err != nil {
		return nil, err
	}
	part := &storage.Part{Number: number, Size: size, ETag: encodeSum(sum), Checksums: storage.Checksums{CRC32C: sum}}
	if id, ok := multipartID(uploadID); ok {
		return part, s.putMultipart(ctx, key, id, src, part)
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil, err
	}
	return part, s.putSession(ctx, u, src, part, opts)
}

// CompleteUpload makes one request. Of opts.Checksums CRC32C, CRC32 and CRC64NVME are held against those of the parts, as far as these have
// them; the others cannot be known here and are errors.ErrUnsupported.
func (s *Store) CompleteUpload(ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := wire.CheckSums(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	if id, ok := multipartID(uploadID); ok {
		if s.resumable(opts) {
			return nil, unsupported("a condition on an XML multipart upload")
		}
		return s.completeMultipart(ctx, key, id, parts, sums)
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil, err
	}
	return s.completeSession(ctx, u, parts, sums)
}

// AbortUpload makes one request, or none for an upload that this Store does not know.
func (s *Store) AbortUpload(ctx context.Context, key, uploadID string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if id, ok := multipartID(uploadID); ok {
		return s.abortMultipart(ctx, key, id)
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil
	}
	return s.abortSession(ctx, u)
}
