package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// Get opens the object under key, or the range of it that opts asks for, with one request. ctx governs the Reader until it is closed.
//
// Errors: ErrNotExist, ErrNotModified, ErrPrecondition, ErrRange, ErrInvalid, ErrPermission, ErrNoBucket.
func (b *Bucket) Get(ctx context.Context, key string, opts *GetOptions) (*Reader, error) {
	r, err := b.get(ctx, key, opts)
	return r, wrap("Get", key, err)
}

// ReadAll reads the object, or the range of it that opts asks for, into memory.
func (b *Bucket) ReadAll(ctx context.Context, key string, opts *GetOptions) ([]byte, error) {
	data, _, err := b.readAll(ctx, key, opts)
	return data, wrap("ReadAll", key, err)
}

func (b *Bucket) readAll(ctx context.Context, key string, opts *GetOptions) ([]byte, *Object, error) {
	r, err := b.get(ctx, key, opts)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	// What the service says of the length is believed up to a point.
	buf := make([]byte, 0, min(r.end-r.at, 64<<20)+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, r.Object(), nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// Stat describes the object under key in full. Errors as Get.
func (b *Bucket) Stat(ctx context.Context, key string, opts *StatOptions) (*Object, error) {
	o, err := b.stat(ctx, key, opts)
	return o, wrap("Stat", key, err)
}

func (b *Bucket) stat(ctx context.Context, key string, opts *StatOptions) (*Object, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	var so StatOptions
	if opts != nil {
		so = *opts
	}
	if so.IfMatch, so.IfNoneMatch, err = readConditions(so.IfMatch, so.IfNoneMatch); err != nil {
		return nil, err
	}
	var o *Object
	err = b.do(ctx, call{op: "Stat", key: full}, func(a *attempt) (err error) {
		o, err = b.store.Stat(a, full, &so)
		return err
	})
	if err != nil {
		return nil, err
	}
	o, _ = b.caller(o, full)
	return o, nil
}

// Exists reports whether there is an object under key. Only "not there" is false: being refused is an error.
func (b *Bucket) Exists(ctx context.Context, key string) (bool, error) {
	_, err := b.stat(ctx, key, nil)
	if isKind(err, ErrNotExist) {
		return false, nil
	}
	return err == nil, wrap("Exists", key, err)
}

func (b *Bucket) get(ctx context.Context, key string, opts *GetOptions) (*Reader, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	var o GetOptions
	if opts != nil {
		o = *opts
	}
	switch {
	case o.Length < 0:
		return nil, invalid("length %d", o.Length)
	case o.Offset < 0 && o.Length > 0:
		return nil, invalid("a suffix (offset %d) takes no length", o.Offset)
	case o.Concurrency < 0:
		return nil, invalid("concurrency %d", o.Concurrency)
	}
	if o.IfMatch, o.IfNoneMatch, err = readConditions(o.IfMatch, o.IfNoneMatch); err != nil {
		return nil, err
	}
	// No object reaches so far, and a Store may add and negate these.
	if o.Offset = max(o.Offset, -math.MaxInt64); o.Length > math.MaxInt64-max(o.Offset, 0) {
		o.Length = 0
	}
	r, err := b.open(ctx, full, o)
	if o.Offset < 0 && (isKind(err, errors.ErrUnsupported) || isKind(err, ErrRange)) {
		// The service has no suffixes, or the object is empty, which it calls a range that begins at the end.
		return b.suffix(ctx, full, o)
	}
	return r, err
}

// suffix turns a suffix into a range of the version that is there now.
func (b *Bucket) suffix(ctx context.Context, full string, o GetOptions) (*Reader, error) {
	obj, err := b.stat(ctx, full[len(b.prefix):], &StatOptions{o.IfMatch, o.IfNoneMatch, o.IfModifiedSince, o.VersionID})
	if err != nil {
		return nil, err
	}
	if obj.Size == 0 {
		return &Reader{b: b, ctx: ctx, key: full, obj: obj}, nil
	}
	o.Offset = max(obj.Size+o.Offset, 0)
	if o.IfNoneMatch = ""; obj.ETag != ETagNone {
		o.IfMatch = obj.ETag
	}
	r, err := b.open(ctx, full, o)
	if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) {
		e := asError(err)
		e.Kind = ErrChanged
		return nil, e
	}
	return r, err
}

// asked holds the range that the service gave against the one it was asked for: some ignore ranges.
func (r *Reader) asked(o GetOptions) error {
	start := o.Offset
	if start < 0 {
		start = max(r.obj.Size+start, 0)
	}
	if r.at != start || r.end > r.obj.Size {
		return &Error{Kind: errors.ErrUnsupported, Err: fmt.Errorf("asked for offset %d of %d bytes, the service gives %d to %d", start, r.obj.Size, r.at, r.end)}
	}
	// A service may give less than it was asked for (RFC 9110, section 15.3.7): the body then ends early, and is taken up again.
	r.end = r.obj.Size
	if o.Length > 0 && o.Length < r.end-start {
		r.end = start + o.Length
	}
	return nil
}

// open makes the first request of a Reader.
func (b *Bucket) open(ctx context.Context, full string, o GetOptions) (*Reader, error) {
	r := &Reader{b: b, key: full, opts: o}
	r.ctx, r.stop = context.WithCancel(ctx)
	res, err := r.request(o)
	if err != nil {
		r.stop()
		return nil, err
	}
	r.obj, _ = b.caller(res.Object, full)
	r.at, r.end = res.Offset, res.Offset+res.Length
	if err := r.asked(o); err != nil {
		r.Close()
		return nil, err
	}
	if r.at == 0 && r.end == r.obj.Size && !off.verify {
		r.sums = newVerifier(r.obj.Checksums, o.VerifyHash)
	}
	if workers := o.Concurrency; workers > 1 && r.end-r.at > b.opts.PartSize && r.obj.ETag != ETagNone {
		r.ahead = newAhead(r, workers)
	}
	return r, nil
}
