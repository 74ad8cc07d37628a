package file

import (
	"context"
	"io/fs"
	"os"
	"time"

	"github.com/polystore/storage"
)

// Get opens the object. The file stays open until Body is closed, so an overwrite or a deletion does not disturb it; a program
// that changes the file itself makes the read end with ErrChanged.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	f, a, err := s.open(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	err = conditions(a, opts.IfMatch, opts.IfNoneMatch, opts.IfModifiedSince)
	offset, length := int64(0), int64(0)
	if err == nil {
		offset, length, err = byteRange(opts.Offset, opts.Length, a.Size)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &storage.GetResult{
		Object: a.object(key),
		Body:   &body{ctx: ctx, f: f, version: a, next: offset, end: offset + length},
		Offset: offset,
		Length: length,
	}, nil
}

// open opens the file of the object for reading, with the attributes that belong to exactly these bytes.
func (s *Store) open(ctx context.Context, key, versionID string) (*os.File, *attrs, error) {
	segs, err := split(key)
	if err != nil {
		return nil, nil, err
	}
	end, err := s.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	if versionID != "" {
		return nil, nil, unsupported("VersionID")
	}
	for range maxMoves {
		path, fi, err := s.find(segs)
		if err != nil {
			return nil, nil, classify(err)
		}
		if path == "" {
			return nil, nil, s.missing()
		}
		f, a, err := s.openAt(key, path, fi)
		if f != nil || err != nil {
			return f, a, classify(err)
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, &storage.Error{Err: err}
		}
	}
	return nil, nil, &storage.Error{Kind: storage.ErrUnavailable, Err: errMoved}
}

// openAt opens the object whose file is at path, as fi describes it. It returns nothing at all where the file has been replaced
// meanwhile.
func (s *Store) openAt(key, path string, fi fs.FileInfo) (_ *os.File, _ *attrs, err error) {
	f, err := s.root.OpenFile(path, openRead, 0)
	if isGone(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	opened, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if fi != nil && !os.SameFile(fi, opened) || !opened.Mode().IsRegular() {
		f.Close() // a link has been put there, or simply a newer version
		return nil, nil, nil
	}
	if !s.noXattr {
		b, err := getXattr(f)
		if err != nil {
			return nil, nil, err
		}
		if a := decodeAttrs(b); a != nil && a.of(opened) {
			return f, a, nil
		}
	}
	a, err := s.readSidecar(key, opened)
	if err != nil {
		return nil, nil, err
	}
	if a == nil || !a.of(opened) {
		a = foreign(opened) // another program wrote the file
	}
	// Or it is an old version, and what was found, or not found, is another's: see sidecarPath.
	there, err := s.isAt(f, path)
	if err != nil {
		return nil, nil, err
	}
	if !there {
		f.Close()
		return nil, nil, nil
	}
	return f, a, nil
}

// conditions of reading.
func conditions(a *attrs, ifMatch, ifNoneMatch string, ifModifiedSince time.Time) error {
	switch {
	case ifMatch != "" && ifMatch != a.ETag:
		return kind(storage.ErrPrecondition)
	case ifNoneMatch != "":
		if ifNoneMatch == a.ETag {
			return kind(storage.ErrNotModified)
		}
	case !ifModifiedSince.IsZero() && !time.Unix(0, a.ModTime).Truncate(time.Second).After(ifModifiedSince):
		return kind(storage.ErrNotModified)
	}
	return nil
}

// byteRange resolves GetOptions.Offset and Length for an object of the given size.
func byteRange(offset, length, size int64) (int64, int64, error) {
	switch {
	case length < 0, offset < 0 && length > 0:
		return 0, 0, invalid("range %d, %d", offset, length)
	case offset == 0 && length == 0:
		return 0, size, nil
	case offset < 0:
		offset = max(0, size+offset)
		return offset, size - offset, nil
	case offset >= size:
		return 0, 0, kind(storage.ErrRange)
	case length == 0 || length > size-offset:
		length = size - offset
	}
	return offset, length, nil
}
