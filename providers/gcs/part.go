package gcs

import (
	"bytes"
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// PutPart makes one request; a part of a resumable session may take several, since the service says
// how much of each it keeps.
func (s *Store) PutPart(
	ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := driver.CheckPartNumber(number, maxObject/chunk); err != nil {
		return nil, err
	}
	src, err := driver.NewSource(body, size)
	if err != nil {
		return nil, err
	}
	sum, err := s.seal(ctx, src.Section(0, size), new(storage.Checksums))
	if err != nil {
		return nil, err
	}
	part := &storage.Part{
		Number: number, Size: size, ETag: httpdriver.EncodeSum(sum),
		Checksums: storage.Checksums{CRC32C: sum},
	}
	if id, ok := multipartID(uploadID); ok {
		arrived, err := s.putMultipart(ctx, key, id, src, part)
		// A difference is noticed before the upload can be completed with the part, also where the
		// service did not look.
		if err == nil && arrived != nil && !bytes.Equal(arrived, sum) {
			err = driver.Mismatch("CRC32C", arrived, sum)
		}
		if err != nil {
			return nil, err
		}
		return part, nil
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
		if tail, err = s.putSession(ctx, u, src, size, opts.Offset); err != nil {
			return nil, err
		}
	}
	u.took(part, tail, opts.Last)
	return part, nil
}

// CopyPart is errors.ErrUnsupported: the service copies no parts. Copy takes objects of any size.
func (s *Store) CopyPart(
	context.Context, string, string, int, string, *storage.CopyPartOptions,
) (*storage.Part, error) {
	return nil, driver.Unsupportedf("the service copies no parts")
}
