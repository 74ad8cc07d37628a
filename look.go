package storage

import "context"

// look describes the version that f reads once more, by a Stat.
func (f *fetch) look(ctx context.Context, prove bool) (*Object, error) {
	opts := StatOptions{VersionID: f.versionID, ProveChecksums: prove}
	if f.obj.ETag != ETagNone {
		opts.IfMatch = f.obj.ETag
	}
	o, _, err := f.e.stat(ctx, f.key, opts)
	return o, err
}

// classOf completes the object that f reads by its storage class, if only Stat tells that.
func (f *fetch) classOf(ctx context.Context) error {
	if !f.classless {
		return nil
	}
	o, err := f.look(ctx, false)
	if err != nil {
		return err
	}
	f.obj.StorageClass, f.classless = o.StorageClass, false
	return nil
}

// settle compares the checksums of what was read of the object o with the expected ones.
//
// A sum that does not fit may be another version's: where a Store keeps it in metadata, programs
// carry it over to other bytes. So such a Store is asked once what it can prove. What it cannot
// prove is ignored; what it can decides. If it cannot be asked, the bytes are not handed out as
// good.
func (f *fetch) settle(v *verifier, got Checksums) error {
	err := v.compare(got)
	if err == nil || !f.unproven {
		return err
	}
	o, lookErr := f.look(f.ctx, true)
	if lookErr != nil {
		return err
	}
	return f.decide(v, got, o, err)
}

// decide is what the Store can prove, which o has, of what was read with the mismatch err.
func (f *fetch) decide(v *verifier, got Checksums, o *Object, err error) error {
	if o.Size >= 0 && f.obj.Size >= 0 && o.Size != f.obj.Size {
		return err // the answer had another length than this version
	}
	if err := v.provenBy(o.Checksums).compare(got); err != nil {
		return err
	}
	f.obj.Checksums = o.Checksums
	return nil
}
