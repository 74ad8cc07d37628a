package file

import (
	"context"
	"io"
	"math"
	"os"

	"github.com/polystore/storage"
)

// PutPart writes a part at its offset. While it is written, and if it fails, the upload has no part of that number. Parts
// that it is written over, even in part, are no use to CompleteUpload any more.
func (s *Store) PutPart(ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions) (*storage.Part, error) {
	return s.putPart(ctx, key, id, number, body, size, opts)
}

// CopyPart writes a part from a range of an object.
func (s *Store) CopyPart(ctx context.Context, key, id string, number int, src string,
	opts *storage.CopyPartOptions) (*storage.Part, error) {
	from, a, err := s.open(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if opts.SourceIfMatch != "" && opts.SourceIfMatch != a.ETag {
		return nil, kind(storage.ErrPrecondition)
	}
	offset, length := opts.SourceOffset, opts.SourceLength
	if offset < 0 || length < 0 || offset > a.Size || length > a.Size-offset {
		return nil, kind(storage.ErrRange)
	}
	source := &body{ctx: ctx, f: from, version: a, next: offset, end: offset + length}
	return s.putPart(ctx, key, id, number, source, length, &opts.PartOptions)
}

func (s *Store) putPart(ctx context.Context, key, id string, number int, body io.Reader, size int64,
	opts *storage.PartOptions) (*storage.Part, error) {
	if number < 1 || size < 0 || opts.Offset < 0 || opts.Offset > math.MaxInt64-size {
		return nil, invalid("part %d of %d bytes at %d", number, size, opts.Offset)
	}
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	f, err := s.root.OpenFile(join(dir, dataFile), os.O_WRONLY, 0)
	if err != nil {
		return nil, uploadError(err)
	}
	defer f.Close()
	// CompleteUpload waits for the parts that are being written, and what is written later finds no upload: no byte ever goes
	// into an object that can be seen.
	if err := waitLock(ctx, f, true); err != nil {
		return nil, classify(err)
	}
	if there, err := s.isAt(f, join(dir, dataFile)); err != nil || !there {
		return nil, uploadError(err)
	}
	p := &partRecord{Number: number, Offset: opts.Offset, Size: size}
	fi, err := f.Stat()
	if err != nil {
		return nil, classify(err)
	}
	// Without an ETag: not there yet. Where there may be bytes of an older part, its end is on disk before they change.
	if err := s.logPart(dir, p, fi.Size() > p.Offset); err != nil {
		return nil, uploadError(err)
	}
	sums := newSums(storage.Checksums{})
	if err := s.fill(ctx, &steady{f: f, at: opts.Offset}, body, size, sums); err != nil {
		return nil, classify(err)
	}
	if err := f.Sync(); err != nil {
		return nil, classify(err)
	}
	p.ETag, p.CRC32C = newETag(), sums.sum().CRC32C
	if err := s.logPart(dir, p, false); err != nil { // lost with the power, the part is sent again
		return nil, uploadError(err)
	}
	return p.part(), nil
}

// uploadError is classify where a missing file, which may come without an error, is a missing upload.
func uploadError(err error) error {
	if err == nil || isGone(err) {
		return kind(storage.ErrNotExist)
	}
	return classify(err)
}
