package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// Get opens the object under key, or the range of it that opts selects, with one request. ctx
// applies to the Reader until it is closed.
//
// Errors: ErrNotExist, ErrNotModified, ErrPrecondition, ErrRange, ErrInvalid, ErrPermission,
// ErrNoBucket.
func (b *Bucket) Get(ctx context.Context, key string, opts *GetOptions) (*Reader, error) {
	ctx, op := b.start(ctx, "Get", key)
	r, err := b.get(ctx, key, opts)
	if err != nil {
		return nil, op.end(err)
	}
	b.own(r.Object())
	r.key, r.trace = key, op.trace
	return r, nil
}

// ReadAll reads the object under key, or the range of it that opts selects, into memory.
func (b *Bucket) ReadAll(ctx context.Context, key string, opts *GetOptions) ([]byte, error) {
	ctx, op := b.start(ctx, "ReadAll", key)
	defer op.left()
	r, err := b.get(ctx, key, opts)
	if err != nil {
		return nil, op.end(err)
	}
	data, err := r.all()
	return data, op.end(err)
}

func (b *Bucket) get(ctx context.Context, key string, opts *GetOptions) (*Reader, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	o, err := checkGet(opts)
	if err != nil {
		return nil, err
	}
	return b.e.get(ctx, full, o)
}

// checkGet returns a copy of opts as the engine takes them.
func checkGet(opts *GetOptions) (o GetOptions, err error) {
	if opts != nil {
		o = *opts
	}
	switch {
	case o.StateFile != "":
		return o, invalid("StateFile is for DownloadFile")
	case o.Length < 0:
		return o, invalid("negative length %d", o.Length)
	case o.Offset < 0 && o.Length > 0:
		return o, invalid("negative offset %d with a length", o.Offset)
	case o.Concurrency < 0:
		return o, invalid("negative concurrency %d", o.Concurrency)
	}
	// No object reaches so far, and a Store may add and negate these.
	if o.Offset = max(o.Offset, -math.MaxInt64); o.Length > math.MaxInt64-max(o.Offset, 0) {
		o.Length = 0
	}
	o.IfMatch, o.IfNoneMatch, err = readConditions(o.IfMatch, o.IfNoneMatch)
	return o, err
}

// get opens the object, or a range of it.
func (e *engine) get(ctx context.Context, key string, o GetOptions) (*Reader, error) {
	r, err := e.open(ctx, key, o)
	if o.Offset < 0 && (isKind(err, errors.ErrUnsupported) || isKind(err, ErrRange)) {
		// The service has no suffixes, or the object is empty, which it calls a range that begins
		// at the end.
		return e.suffix(ctx, key, o)
	}
	return r, err
}

// open makes the first request of a Reader.
func (e *engine) open(ctx context.Context, key string, o GetOptions) (*Reader, error) {
	r := e.newReader(ctx, key, o)
	if err := e.first(r, o); err != nil {
		r.stop()
		return nil, err
	}
	r.begun(o)
	return &r.Reader, nil
}

// first makes the first request, which a transfer may follow.
func (e *engine) first(r *opening, o GetOptions) error {
	large := false
	e.down.opens()
	defer func() { e.down.opened(large) }()
	err := r.first.begin(o, &r.attempt)
	large = err == nil && r.first.end-r.first.at > 2*e.span
	return err
}

// suffix turns a suffix into a range of the version that is there now.
func (e *engine) suffix(ctx context.Context, key string, o GetOptions) (*Reader, error) {
	same := StatOptions{
		IfMatch: o.IfMatch, IfNoneMatch: o.IfNoneMatch, IfModifiedSince: o.IfModifiedSince,
		VersionID: o.VersionID,
	}
	obj, _, err := e.stat(ctx, key, same)
	if err != nil {
		return nil, err
	}
	if obj.Size < 0 {
		return nil, errEndless()
	}
	if obj.Size == 0 {
		r := e.newReader(ctx, key, o)
		r.first.obj = obj
		r.begun(o)
		return &r.Reader, nil
	}
	o.Offset = max(obj.Size+o.Offset, 0)
	if o.IfNoneMatch = ""; obj.ETag != ETagNone {
		o.IfMatch = obj.ETag
	}
	r, err := e.open(ctx, key, o)
	if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) || isKind(err, ErrRange) {
		err := asError(err)
		err.Kind = ErrChanged
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	// Without an ETag the size alone tells that the range is that of another version.
	if now := r.Object().Size; now != obj.Size && now >= 0 {
		r.Close()
		return nil, &Error{Kind: ErrChanged, Err: fmt.Errorf(
			"the object has %d bytes, and had %d", now, obj.Size)}
	}
	return r, nil
}

// all reads to the end and closes r.
func (r *Reader) all() ([]byte, error) {
	defer r.Close()
	r.hurry()
	// What the service says of the length is believed up to a point.
	buf := make([]byte, 0, min(r.total, 64<<20)+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// errEndless refuses what needs the size of an object that the service does not tell.
func errEndless() error {
	return &Error{
		Kind: errors.ErrUnsupported,
		Err:  errors.New("the service does not say where the object ends"),
	}
}
