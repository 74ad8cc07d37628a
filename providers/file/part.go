package file

import (
	"context"
	"io"
	"math"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// PutPart writes a part at its offset. While it is written, and if it fails, the upload has no part
// of that number. Parts that it is written over, even in part, are no use to CompleteUpload any
// more.
func (s *Store) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	return s.putPart(ctx, key, id, number, size, opts, func(w io.Writer) error {
		return s.fill(ctx, w, body, size)
	})
}

// CopyPart writes a part from a range of an object.
func (s *Store) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	from, a, err := s.open(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if err := checkSource(opts.SourceIfMatch, a); err != nil {
		return nil, err
	}
	if err := driver.CheckSourceRange(opts, a.Size); err != nil {
		return nil, err
	}
	length := opts.SourceLength
	return s.putPart(ctx, key, id, number, length, &opts.PartOptions, func(w io.Writer) error {
		return s.pipe(w, body(ctx, from, a, opts.SourceOffset, length))
	})
}

// putPart writes a part whose size bytes copyTo gives.
func (s *Store) putPart(
	ctx context.Context, key, id string, number int, size int64, opts *storage.PartOptions,
	copyTo func(io.Writer) error,
) (*storage.Part, error) {
	if err := driver.CheckPartNumber(number, limits.Count); err != nil {
		return nil, err
	}
	if size < 0 || opts.Offset < 0 || opts.Offset > math.MaxInt64-size {
		return nil, driver.Invalidf("part of %d bytes at %d", size, opts.Offset)
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	// Also for reading: the shared lock needs that on NFS, which makes it one of a range of bytes.
	f, err := s.root.OpenFile(join(dir, dataFile), os.O_RDWR, 0)
	if err != nil {
		return nil, uploadError(err)
	}
	defer f.Close()
	// CompleteUpload waits for the parts that are being written, and what is written later finds no
	// upload: no byte ever goes into an object that can be seen.
	if err := waitLock(ctx, f, true); err != nil {
		return nil, classify(err)
	}
	if there, err := s.isAt(f, join(dir, dataFile)); err != nil || !there {
		return nil, uploadError(err)
	}
	etag := newETag()
	// Not there yet, and nor is what it is written over.
	begun := &partRecord{Number: number, Offset: opts.Offset, Size: size, Next: etag}
	if err := s.logPart(dir, begun, f); err != nil {
		return nil, uploadError(err)
	}
	d := s.hasher.New(driver.CRC32C)
	if err = copyTo(&steady{f: f, sums: d, at: opts.Offset}); err == nil {
		err = s.syncFile(f)
	}
	if err != nil {
		begun.Failed = true
		s.logPart(dir, begun, nil) // without it, later attempts are taken for ones at the same time
		return nil, classify(err)
	}
	p := &partRecord{
		Number: number, Offset: opts.Offset, Size: size, ETag: etag,
		CRC32C: d.Checksums().CRC32C,
	}
	if err := s.logPart(dir, p, nil); err != nil { // lost with the power, the part is sent again
		return nil, uploadError(err)
	}
	return p.part(), nil
}

// uploadError is classify where a missing file, which may come without an error, is a missing
// upload.
func uploadError(err error) error {
	if err == nil || isGone(err) {
		return kind(storage.ErrNotExist)
	}
	return classify(err)
}
