package file

import (
	"context"
	"io"
	"io/fs"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// opened is the open file of an object, with all that a Get needs in one piece of memory.
type opened struct {
	object
	now     info // as the file was when it was described last
	version attrs
	reader  reader
	result  storage.GetResult
}

// Stat describes the file. The description is good until the next call.
func (o *opened) Stat() (fs.FileInfo, error) {
	if err := o.stat(&o.now); err != nil {
		return nil, err
	}
	return &o.now, nil
}

// body returns a range of the object, once, as the Body of a Get.
func (o *opened) body(ctx context.Context, offset, length int64) io.ReadCloser {
	o.reader = reader{f: o, version: &o.version, next: offset, end: offset + length}
	return driver.NewBody(ctx, &o.reader, length)
}

// load reads the attributes that the driver keeps with the file, if there are any. Whether they
// belong to its bytes is still to be found out.
func (o *opened) load() error {
	var buffer [128]byte // of a plain object
	b, err := o.attrs(buffer[:])
	if err != nil || !o.version.decode(b) {
		o.version = attrs{}
	}
	return err
}

// open opens the file of the object for reading, with the attributes that belong to exactly these
// bytes.
func (s *Store) open(ctx context.Context, key, versionID string) (*opened, *attrs, error) {
	if err := checkKey(key); err != nil {
		return nil, nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, nil, err
	}
	defer s.end()
	if err := driver.Refuse("VersionID", versionID != ""); err != nil {
		return nil, nil, err
	}
	if err := s.settleOwed(key); err != nil {
		return nil, nil, classify(err)
	}
	if s.resolves() {
		if o := s.openPlain(key); o != nil {
			return o, &o.version, nil
		}
	}
	segs, err := split(key)
	if err != nil {
		return nil, nil, err
	}
	for range maxMoves {
		path, fi, err := s.find(segs)
		if err != nil {
			return nil, nil, classify(err)
		}
		if path == "" {
			return nil, nil, s.missing()
		}
		o, err := s.openAt(s.root, path, key, fi)
		if err != nil {
			return nil, nil, classify(err)
		}
		if o != nil {
			return o, &o.version, nil
		}
		if err := driver.ContextErr(ctx); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, &storage.Error{Kind: storage.ErrUnavailable, Err: errMoved}
}

// openPlain opens the object in its plain place, where its directory is opened by one system call.
// It returns nil for whatever is not simply there.
//
// The file may be replaced between the look and the open. Its attributes then are of another size
// or time than the look has seen. Only regular files have such attributes, so where they fit there
// is no need to look again. What another program writes into the file is seen after the last read.
func (s *Store) openPlain(key string) *opened {
	d, name := s.root, key
	if dir, base := parent(key); dir != "." {
		var sub handle
		if !s.root.subPlain(dir, &sub) {
			return nil
		}
		defer sub.Close()
		d, name = &sub, base
	}
	o := new(opened)
	if !d.lstatPlain(name, &o.now) || !o.now.Mode().IsRegular() {
		return nil
	}
	if err := d.openObject(name, &o.object); err != nil {
		return nil
	}
	var err error
	if !s.noXattr {
		err = o.load()
	}
	there := err == nil && o.version.of(&o.now)
	if err == nil && !there {
		there, err = s.match(o, d, name, key, nil)
	}
	if err != nil || !there {
		o.Close()
		return nil
	}
	return o
}

// openAt opens the object whose file is at path below d, as fi describes it. It returns nothing at
// all where the file has been replaced meanwhile.
func (s *Store) openAt(d *handle, path, key string, fi fs.FileInfo) (*opened, error) {
	o := new(opened)
	err := d.openObject(path, &o.object)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !s.noXattr {
		err = o.load()
	}
	there := false
	if err == nil {
		there, err = s.match(o, d, path, key, fi)
	}
	if err != nil || !there {
		o.Close()
		return nil, err
	}
	return o, nil
}

// match finds the attributes of o, which was opened at path below d, and reports false where the
// file has been replaced meanwhile.
func (s *Store) match(o *opened, d *handle, path, key string, fi fs.FileInfo) (bool, error) {
	if err := o.stat(&o.now); err != nil {
		return false, err
	}
	if fi != nil && !sameFile(fi, &o.now) || !o.now.Mode().IsRegular() {
		return false, nil // a link has been put there, or simply a newer version
	}
	if o.version.of(&o.now) {
		return true, nil
	}
	a, err := s.readSidecar(key, &o.now)
	if err != nil {
		return false, err
	}
	if a == nil || !a.of(&o.now) {
		a = foreign(&o.now) // another program wrote the file
	}
	o.version = *a
	// Or it is an old version, and what was found, or not found, is another's: see sidecarPath.
	return isIn(d, path, &o.now)
}
