package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/polystore/storage"
)

// sumsOfAnotherPart sends a part with the sums of other bytes.
func sumsOfAnotherPart(ctx context.Context, e *env, u *upload) error {
	data := pattern(1000, 100)
	p, err := e.store.PutPart(ctx, u.key, u.id, 1, bytes.NewReader(data), 1000,
		&storage.PartOptions{Last: true, Checksums: sums(pattern(1000, 99))})
	if errors.Is(err, storage.ErrIntegrity) {
		return nil
	}
	if err != nil {
		return err
	}
	u.data, u.parts = data, []*storage.Part{p}
	if _, err := u.complete(ctx, nil); err != nil {
		e.got("CompleteUpload", err, storage.ErrIntegrity)
		e.missing(ctx, u.key)
		return nil
	}
	e.trueSums("the part", p.Checksums, data)
	e.holds(ctx, u.key, u.data)
	return nil
}

// sumsMadeAhead sends a part as Bucket does where the Store is a PartSummer.
func sumsMadeAhead(ctx context.Context, e *env, u *upload) error {
	data := pattern(1000, 100)
	var ahead storage.Checksums
	if s, ok := below[storage.PartSummer](e.store); ok {
		var err error
		body := &countedReads{ReadSeeker: bytes.NewReader(data)}
		e.costs("SumPart", 0, func() { ahead, err = s.SumPart(ctx, body, 1000) })
		if err != nil {
			return err
		}
		if ahead.IsZero() && body.n > 0 {
			e.errorf("SumPart read %d bytes and made no sum", body.n)
		}
		e.trueSums("SumPart", ahead, data)
	} else {
		ahead = sums(data)
	}
	p, err := e.store.PutPart(ctx, u.key, u.id, 1, bytes.NewReader(data), 1000,
		&storage.PartOptions{Last: true, Checksums: ahead})
	if err != nil {
		return err
	}
	e.trueSums("the part", p.Checksums, data)
	u.data, u.parts = data, []*storage.Part{p}
	if _, err := u.complete(ctx, nil); err != nil {
		return err
	}
	e.holds(ctx, u.key, u.data)
	return nil
}

// countedReads counts the bytes that are read.
type countedReads struct {
	io.ReadSeeker
	n int
}

func (r *countedReads) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	r.n += n
	return n, err
}

// trueSums holds every sum in got against data.
func (e *env) trueSums(what string, got storage.Checksums, data []byte) {
	for _, a := range algorithms {
		if sum := *a.field(&got); sum != nil && !bytes.Equal(sum, a.sum(data)) {
			e.errorf("%s of %s is %x, of the bytes it is %x", a.name, what, sum, a.sum(data))
		}
	}
}

// below returns the first Store under the wrappers of s that is a T.
func below[T any](s storage.Store) (T, bool) {
	for {
		if t, ok := s.(T); ok {
			return t, true
		}
		w, ok := s.(interface{ Unwrap() storage.Store })
		if !ok {
			var none T
			return none, false
		}
		s = w.Unwrap()
	}
}
