package file

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/polystore/storage"
)

// CompleteUpload makes the object by renaming the file that has the parts.
func (s *Store) CompleteUpload(ctx context.Context, key, id string, parts []*storage.Part,
	opts *storage.PutOptions) (*storage.Object, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	if opts.StorageClass != "" {
		return nil, unsupported("StorageClass")
	}
	c := condition{opts.IfAbsent, opts.IfMatch}
	if err := s.check(ctx, key, c); err != nil {
		return nil, err
	}
	path := join(dir, dataFile)
	f, err := s.root.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, uploadError(err)
	}
	defer f.Close()
	if err := waitLock(ctx, f, false); err != nil {
		return nil, classify(err)
	}
	if there, err := s.isAt(f, path); err != nil || !there {
		return nil, uploadError(err)
	}
	records, err := s.partLog(dir)
	if err != nil {
		return nil, uploadError(err)
	}
	size, sums, err := cover(records, parts)
	if err != nil {
		return nil, err
	}
	if err := s.trim(dir, f, size); err != nil {
		return nil, uploadError(err)
	}
	if sums, err = s.verifyUpload(ctx, f, size, sums, opts.Checksums); err != nil {
		return nil, classify(err)
	}
	a := attrsOfPut(opts)
	a.setSums(sums)
	o, err := s.commit(ctx, key, &temp{s: s, f: f, path: path}, a, c)
	if err != nil {
		var e *storage.Error
		if errors.As(err, &e) && e.Kind == nil && !e.InDoubt && ctx.Err() == nil {
			if there, err := s.exists(path); err == nil && !there { // an AbortUpload was first
				return nil, kind(storage.ErrNotExist)
			}
		}
		return nil, err
	}
	s.root.RemoveAll(dir)
	return o, nil
}

// cover checks that the parts are those that were sent, and that together they are the object: each begins where the one before
// ends. It returns the object's size and CRC-32C.
func cover(sent []*partRecord, parts []*storage.Part) (size int64, sums storage.Checksums, err error) {
	if len(parts) == 0 {
		return 0, sums, invalid("an upload of no parts")
	}
	byNumber := make(map[int]*partRecord, len(sent))
	for _, p := range sent {
		byNumber[p.Number] = p
	}
	recorded := make([]*storage.Part, len(parts))
	for i, p := range parts {
		r, ok := byNumber[p.Number]
		switch {
		case !ok:
			return 0, sums, invalid("part %d was not sent", p.Number)
		case i > 0 && p.Number <= parts[i-1].Number:
			return 0, sums, invalid("part %d comes behind part %d", p.Number, parts[i-1].Number)
		case p.ETag != "" && p.ETag != r.ETag:
			return 0, sums, invalid("part %d was sent again", p.Number)
		case r.lost:
			return 0, sums, invalid("part %d was overwritten by one that has some of its bytes", p.Number)
		case r.Offset != size:
			return 0, sums, invalid("part %d begins at %d, and the parts before it end at %d", p.Number, r.Offset, size)
		}
		size += r.Size
		recorded[i] = r.part()
	}
	return size, storage.CombineChecksums(recorded), nil
}

// trim cuts off what is behind the parts: what one left that was sent again, shorter, and parts that are not wanted.
func (s *Store) trim(dir string, f *os.File, size int64) error {
	fi, err := f.Stat()
	if err != nil || fi.Size() == size {
		return err
	}
	if fi.Size() < size {
		return invalid("the parts have %d bytes, %d were sent", fi.Size(), size)
	}
	if err := s.logPart(dir, &partRecord{Offset: size, Size: fi.Size() - size}, true); err != nil {
		return err
	}
	return f.Truncate(size)
}

// verifyUpload returns all sums that are known of the file or wanted of it. Only for a sum that cannot be made of the parts' sums
// is the file read once more.
func (s *Store) verifyUpload(ctx context.Context, f *os.File, size int64, known, want storage.Checksums) (storage.Checksums, error) {
	rest := want
	rest.CRC32C = nil
	if rest.IsZero() {
		return known, compare(known, want)
	}
	fi, err := f.Stat()
	if err != nil {
		return known, err
	}
	sums := newSums(want)
	source := &body{ctx: ctx, f: f, version: foreign(fi), end: size}
	if err := s.fill(ctx, io.Discard, source, size, sums); err != nil {
		return known, err
	}
	got, err := sums.verify(want)
	if err == nil {
		err = compare(got, known)
	}
	return got, err
}
