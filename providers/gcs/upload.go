package gcs

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// An upload is of one of two kinds, and its ID says which: "m" and the service's ID of an XML
// multipart upload, or "r" and a name of our own for a resumable session.

// multipartID returns the service's ID of an XML multipart upload.
func multipartID(uploadID string) (string, bool) {
	if len(uploadID) > 1 && uploadID[0] == 'm' {
		return uploadID[1:], true
	}
	return "", false
}

// resumable reports whether an object with these options goes up by a resumable session: XML
// multipart uploads know no conditions, https://cloud.google.com/storage/docs/multipart-uploads,
// and no contexts, and emulators know no XML multipart uploads.
func (s *Store) resumable(opts *storage.PutOptions) bool {
	return s.emulator || opts.IfAbsent || opts.IfMatch != "" || len(opts.Tags) > 0
}

// PartLimits are those of XML multipart uploads or, where the options hold a condition or tags and
// on emulators, of resumable sessions.
func (s *Store) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	if s.resumable(opts) {
		return storage.PartLimits{
			Max: maxObject, Multiple: chunk, MaxObject: maxObject, Count: maxObject / chunk,
		}
	}
	return storage.PartLimits{
		Min: minPart, Max: maxPart, MaxObject: maxObject, Count: maxParts, Parallel: true,
	}
}

// CreateUpload makes one request: it begins an XML multipart upload or, with a condition or tags, a
// resumable session, which lives in this Store: another one does not know it.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
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

// AbortUpload makes one request, or none for an upload that this Store does not know.
func (s *Store) AbortUpload(ctx context.Context, key, uploadID string) error {
	if err := driver.ContextErr(ctx); err != nil {
		return err
	}
	if err := s.checkAsked(key); err != nil {
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
