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
	multipart, ok := multipartID(uploadID)
	var known *storage.Checksums
	if ok { // the service holds it against the part
		known = &opts.Checksums
	}
	sum, err := s.seal(ctx, src.Section(0, size), new(storage.Checksums), known)
	if err != nil {
		return nil, err
	}
	part := &storage.Part{
		Number: number, Size: size, ETag: httpdriver.EncodeSum(sum),
		Checksums: storage.Checksums{CRC32C: sum},
	}
	if ok {
		arrived, err := s.putMultipart(ctx, key, multipart, src, part)
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
	if err := u.enter(ctx); err != nil {
		return nil, err
	}
	defer u.leave()
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

// SumPart reads the part once.
func (s *Store) SumPart(
	ctx context.Context, body io.ReadSeeker, size int64,
) (storage.Checksums, error) {
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return storage.Checksums{}, err
	}
	return s.hasher.Sum(ctx, p, driver.CRC32C)
}

// CopyPart is errors.ErrUnsupported: the service copies no parts. Copy takes objects of any size.
func (s *Store) CopyPart(
	context.Context, string, string, int, string, *storage.CopyPartOptions,
) (*storage.Part, error) {
	return nil, driver.Unsupportedf("the service copies no parts")
}
