package file

import (
	"context"
	"io/fs"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Get opens the object. The file stays open until Body is closed, so an overwrite or a deletion
// does not disturb it; a program that changes the file itself makes the read end with ErrChanged.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	f, a, err := s.open(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	o := a.object(key)
	if err := driver.CheckRead(driver.ReadConditions(opts), o); err != nil {
		f.Close()
		return nil, err
	}
	offset, length, err := driver.ResolveRange(opts, o.Size)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &storage.GetResult{
		Object: o,
		Body:   body(ctx, f, a, offset, length),
		Offset: offset,
		Length: length,

		NewCRC64NVME: s.hasher.NewCRC64NVME,
	}, nil
}

// open opens the file of the object for reading, with the attributes that belong to exactly these
// bytes.
func (s *Store) open(ctx context.Context, key, versionID string) (*object, *attrs, error) {
	segs, err := split(key)
	if err != nil {
		return nil, nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, nil, err
	}
	defer s.end()
	if err := driver.Refuse("VersionID", versionID != ""); err != nil {
		return nil, nil, err
	}
	if err := s.settleOwed(key, segs); err != nil {
		return nil, nil, classify(err)
	}
	if s.resolves() {
		if f, a := s.openPlain(key); f != nil {
			return f, a, nil
		}
	}
	for range maxMoves {
		path, fi, err := s.find(segs)
		if err != nil {
			return nil, nil, classify(err)
		}
		if path == "" {
			return nil, nil, s.missing()
		}
		f, a, err := s.openAt(s.root, path, key, fi)
		if f != nil || err != nil {
			return f, a, classify(err)
		}
		if err := driver.ContextErr(ctx); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, &storage.Error{Kind: storage.ErrUnavailable, Err: errMoved}
}

// openPlain opens the object in its plain place, where its directory is opened by one system call.
// It returns nothing for whatever is not simply there.
func (s *Store) openPlain(key string) (*object, *attrs) {
	d := s.root
	dir, name := parent(key)
	if dir != "." {
		sub, ok, err := s.root.subFast(dir)
		if !ok || err != nil {
			return nil, nil
		}
		defer sub.Close()
		d = sub
	}
	fi, ok, err := d.lstatFast(name)
	if !ok || err != nil || !fi.Mode().IsRegular() {
		return nil, nil
	}
	f, a, err := s.openAt(d, name, key, fi)
	if err != nil {
		return nil, nil
	}
	return f, a
}

// openAt opens the object whose file is at path below d, as fi describes it. It returns nothing at
// all where the file has been replaced meanwhile.
func (s *Store) openAt(
	d *handle, path, key string, fi fs.FileInfo,
) (_ *object, _ *attrs, err error) {
	f, err := d.openObject(path)
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
	if fi != nil && !sameFile(fi, opened) || !opened.Mode().IsRegular() {
		f.Close() // a link has been put there, or simply a newer version
		return nil, nil, nil
	}
	if !s.noXattr {
		var buffer [128]byte // of a plain object
		b, err := f.attrs(buffer[:])
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
	there, err := isIn(d, path, opened)
	if err != nil {
		return nil, nil, err
	}
	if !there {
		f.Close()
		return nil, nil, nil
	}
	return f, a, nil
}
