package gcs

import (
	"bytes"
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
// https://cloud.google.com/storage/docs/multipart-uploads, and no contexts, and emulators know no XML multipart uploads.
func (s *Store) resumable(opts *storage.PutOptions) bool {
	return s.emulator || opts.IfAbsent || opts.IfMatch != "" || len(opts.Tags) > 0
}

// PartLimits are those of XML multipart uploads or, where the options hold a condition or tags and on emulators, of resumable sessions.
func (s *Store) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	if s.resumable(opts) {
		return storage.PartLimits{Max: maxObject, Multiple: chunk, MaxObject: maxObject, Count: maxObject / chunk}
	}
	return storage.PartLimits{Min: minPart, Max: maxPart, MaxObject: maxObject, Count: maxParts, Parallel: true}
}

// CreateUpload makes one request: it begins an XML multipart upload or, with a condition or tags, a resumable session, which lives in this
// Store: another one does not know it.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	attrs, err := s.attributesOf(key, opts)
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
	return s.putPart(ctx, key, uploadID, src, part, opts, func() ([]byte, error) { return sum, nil })
}

// putPart sends src as a part and completes it. Its checksum is either in the part, and then goes along, or is known once src was sent.
func (s *Store) putPart(
	ctx context.Context, key, uploadID string, src *wire.Source, part *storage.Part, opts *storage.PartOptions, sum func() ([]byte, error),
) (*storage.Part, error) {
	if id, ok := multipartID(uploadID); ok {
		arrived, err := s.putMultipart(ctx, key, id, src, part)
		if err != nil {
			return nil, err
		}
		// A difference is noticed before the upload can be completed with the part, also where the service did not look.
		if part.Checksums.CRC32C, err = sum(); err == nil && arrived != nil && !bytes.Equal(arrived, part.Checksums.CRC32C) {
			err = wire.Mismatch("CRC32C", arrived, part.Checksums.CRC32C)
		}
		return part, err
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil, err
	}
	if old, err := u.place(part, opts); old != nil || err != nil {
		return old, err
	}
	var tail []byte
	if !u.isRefused() {
		if tail, err = s.putSession(ctx, u, src, part.Size, opts.Offset); err != nil {
			return nil, err
		}
		if part.Checksums.CRC32C, err = sum(); err != nil {
			return nil, err
		}
	}
	u.took(part, tail, opts.Last)
	return part, nil
}

// CompleteUpload makes one request. Of opts.Checksums CRC32C, CRC32 and CRC64NVME are held against those of the parts, as far as these have
// them; the others cannot be known here and are errors.ErrUnsupported.
func (s *Store) CompleteUpload(ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	mismatch := wire.CheckSums(&sums, &opts.Checksums)
	if id, ok := multipartID(uploadID); ok {
		switch {
		case mismatch != nil:
			return nil, mismatch
		case s.resumable(opts):
			return nil, unsupported("a condition, or tags, on an XML multipart upload")
		}
		return s.completeMultipart(ctx, key, id, parts, sums)
	}
	u, err := s.sessions.get(key, uploadID)
	switch {
	case err != nil:
		return nil, err
	case u.isRefused():
		return nil, u.refuse()
	case mismatch != nil:
		return nil, mismatch
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
