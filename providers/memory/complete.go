package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes the object of its parts.
func (s *Store) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	u, err := s.upload(key, id)
	var chosen []*part
	if err == nil {
		chosen, err = u.choose(parts)
	}
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}

	var size int64
	for _, p := range chosen {
		size += p.Size
	}
	data := make([]byte, 0, size)
	for _, p := range chosen {
		if err := driver.ContextErr(ctx); err != nil {
			return nil, err
		}
		data = append(data, p.data...)
	}
	want := driver.Keep(opts.Checksums, opts.Verified)
	sums, err := s.hasher.VerifyBytes(ctx, data, &want)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	if _, err := s.upload(key, id); err != nil { // completed or aborted meanwhile
		return nil, err
	}
	o, err := s.commit(key, newVersion(data, sums, &u.opts), opts.IfAbsent, opts.IfMatch)
	if err == nil {
		delete(s.uploads, id)
	}
	return o, err
}

// choose finds the parts that a completion names and checks that they make an object.
func (u *upload) choose(parts []*storage.Part) ([]*part, error) {
	if err := driver.CheckParts(parts, limits.Count); err != nil {
		return nil, err
	}
	chosen := make([]*part, len(parts))
	for i, p := range parts {
		have := u.parts[p.Number]
		switch {
		case have == nil || have.ETag != p.ETag:
			return nil, driver.Invalidf("there is no part %d with ETag %s", p.Number, p.ETag)
		case i < len(parts)-1 && have.Size < limits.Min:
			return nil, driver.Invalidf("part %d has %d bytes, at least %d",
				p.Number, have.Size, limits.Min)
		}
		chosen[i] = have
	}
	return chosen, nil
}
