package file

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes the object by renaming the file that has the parts.
func (s *Store) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	o, err := s.complete(ctx, key, id, parts, opts)
	if errors.Is(err, storage.ErrNotExist) {
		// Completed before, perhaps, by who was killed or could not sync: the caller looks at the
		// object to find out.
		segs, e := split(key)
		if e == nil {
			e = s.settle(segs)
		}
		if e != nil {
			return nil, classify(e)
		}
	}
	return o, err
}

func (s *Store) complete(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	if err := driver.Refuse("StorageClass", opts.StorageClass != ""); err != nil {
		return nil, err
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
	object, size, err := cover(records, parts)
	if err != nil {
		return nil, err
	}
	if err := s.trim(dir, f, size); err != nil {
		return nil, uploadError(err)
	}
	known, err := s.partSums(ctx, f, object)
	if err != nil {
		return nil, classify(err)
	}
	got, err := s.verifyUpload(ctx, f, size, known, opts.Checksums)
	if err != nil {
		return nil, classify(err)
	}
	a := attrsOfPut(opts)
	a.setSums(driver.Keep(got, opts.Verified))
	old, err := s.existing(key)
	if err != nil {
		return nil, classify(err)
	}
	o, err := s.commit(ctx, key, &temp{s: s, f: f, path: path, old: old}, a, c)
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

// cover checks that the parts are those that were sent, and that together they are the object: each
// begins where the one before ends. It returns their records and the object's size.
func cover(
	sent []*partRecord, parts []*storage.Part,
) (object []*partRecord, size int64, err error) {
	if err := driver.CheckParts(parts, limits.Count); err != nil {
		return nil, 0, err
	}
	byNumber := make(map[int]*partRecord, len(sent))
	for _, p := range sent {
		byNumber[p.Number] = p
	}
	for _, p := range parts {
		r, ok := byNumber[p.Number]
		switch {
		case !ok:
			err = driver.Invalidf("part %d was not sent", p.Number)
		case p.ETag != "" && p.ETag != r.ETag:
			err = driver.Invalidf("part %d was sent again", p.Number)
		case r.lost:
			err = driver.Invalidf("part %d was overwritten by one with some of its bytes", p.Number)
		case r.Offset != size:
			err = driver.Invalidf("part %d begins at %d, and the parts before it end at %d",
				p.Number, r.Offset, size)
		}
		if err != nil {
			return nil, 0, err
		}
		size += r.Size
		object = append(object, r)
	}
	return object, size, nil
}

// partSums returns the CRC-32C of the object, made of those of its parts. A part that attempts at
// once have written is read again: it is whole if it has the sum of the last one.
func (s *Store) partSums(
	ctx context.Context, f *os.File, object []*partRecord,
) (known storage.Checksums, err error) {
	fi, err := f.Stat()
	if err != nil {
		return known, err
	}
	parts := make([]*storage.Part, len(object))
	for i, p := range object {
		parts[i] = p.part()
		if !p.shared {
			continue
		}
		d := s.hasher.New(driver.CRC32C)
		if err := s.pipe(d, body(ctx, f, foreign(fi), p.Offset, p.Size)); err != nil {
			return known, err
		}
		if !bytes.Equal(d.Checksums().CRC32C, p.CRC32C) {
			return known, driver.Invalidf("part %d was written by two attempts at once", p.Number)
		}
	}
	return storage.CombineChecksums(parts), nil
}

// trim cuts off what is behind the parts: what one left that was sent again, shorter, and parts
// that are not wanted.
func (s *Store) trim(dir string, f *os.File, size int64) error {
	fi, err := f.Stat()
	if err != nil || fi.Size() == size {
		return err
	}
	if fi.Size() < size {
		return driver.Invalidf("the parts have %d bytes, %d were sent", fi.Size(), size)
	}
	if err := s.logPart(dir, &partRecord{Offset: size, Size: fi.Size() - size}, f); err != nil {
		return err
	}
	return f.Truncate(size)
}

// verifyUpload returns all sums that are known of the file or wanted of it. Only for a sum that
// cannot be made of the parts' sums is the file read once more.
func (s *Store) verifyUpload(
	ctx context.Context, f *os.File, size int64, known, want storage.Checksums,
) (storage.Checksums, error) {
	if driver.CRC32C.Has(driver.Given(&want)) {
		return known, driver.Verify(&known, &want)
	}
	fi, err := f.Stat()
	if err != nil {
		return known, err
	}
	d := s.hasher.New(driver.CRC32C | driver.Given(&want))
	if err := s.pipe(d, body(ctx, f, foreign(fi), 0, size)); err != nil {
		return known, err
	}
	got, err := d.Verify(&want)
	if err == nil {
		err = driver.Verify(&got, &known)
	}
	return got, err
}
