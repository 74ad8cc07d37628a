package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/polystore/storage"
)

// limits are small enough below for cheap tests and S3's above.
var limits = storage.PartLimits{Min: 1, Max: 5 << 30, Count: 10000, Parallel: true}

// PartLimits returns S3's limits with a least part of one byte.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits { return limits }

// upload is a multipart upload under way. The Store's lock guards parts.
type upload struct {
	key     string
	created time.Time
	opts    storage.PutOptions
	parts   map[int]*part
}

// part is one part. Nothing in it changes once it is in an upload.
type part struct {
	storage.Part
	data []byte
}

// CreateUpload begins an upload.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
	if err := alive(ctx); err != nil {
		return "", err
	}
	u := &upload{key: key, created: time.Now().UTC().Round(0), opts: *opts, parts: make(map[int]*part)}
	u.opts.Metadata, u.opts.Tags = maps.Clone(opts.Metadata), maps.Clone(opts.Tags)
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads[id] = u
	return id, nil
}

// upload finds an upload. s.mu is held.
func (s *Store) upload(key, id string) (*upload, error) {
	if u := s.uploads[id]; u != nil && u.key == key {
		return u, nil
	}
	return nil, fail(storage.ErrNotExist, "no such upload")
}

// CompleteUpload makes the object of its parts.
func (s *Store) CompleteUpload(ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions) (*storage.Object, error) {
	if err := alive(ctx); err != nil {
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
		if err := alive(ctx); err != nil {
			return nil, err
		}
		data = append(data, p.data...)
	}
	sums, err := verify(ctx, data, opts.Checksums)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if _, err := s.upload(key, id); err != nil { // completed or aborted meanwhile
		return nil, err
	}
	o, err := s.commit(newVersion(key, data, sums, &u.opts), opts.IfAbsent, opts.IfMatch)
	if err == nil {
		delete(s.uploads, id)
	}
	return o, err
}

// choose finds the parts that a completion names and checks that they make an object.
func (u *upload) choose(parts []*storage.Part) ([]*part, error) {
	if len(parts) == 0 {
		return nil, fail(storage.ErrInvalid, "no parts")
	}
	chosen := make([]*part, len(parts))
	for i, p := range parts {
		have := u.parts[p.Number]
		switch {
		case have == nil || have.ETag != p.ETag:
			return nil, fail(storage.ErrInvalid, "there is no part %d with ETag %s", p.Number, p.ETag)
		case i > 0 && p.Number <= parts[i-1].Number:
			return nil, fail(storage.ErrInvalid, "part %d is not in order", p.Number)
		case i < len(parts)-1 && have.Size < limits.Min:
			return nil, fail(storage.ErrInvalid, "part %d has %d bytes, at least %d", p.Number, have.Size, limits.Min)
		}
		chosen[i] = have
	}
	return chosen, nil
}

// AbortUpload drops an upload.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	if err := alive(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.upload(key, id); err == nil {
		delete(s.uploads, id)
	}
	return nil
}

// ListUploadsPage lists uploads in the order of their keys, those of one key in the order of their IDs.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, fail(errors.ErrUnsupported, "uploads are listed by prefix alone")
	}
	var after string
	if opts.PageToken != "" {
		var err error
		if after, err = decodeToken(opts.PageToken); err != nil {
			return nil, err
		}
	}
	// NUL sorts before everything, so that "a" and its uploads come before "a!".
	order := func(u *storage.Upload) string { return u.Key + "\x00" + u.ID }

	page := new(storage.UploadPage)
	s.mu.RLock()
	for id, u := range s.uploads {
		up := &storage.Upload{Key: u.key, ID: id, Created: u.created}
		if strings.HasPrefix(u.key, opts.Prefix) && order(up) > after {
			page.Uploads = append(page.Uploads, up)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(page.Uploads, func(a, b *storage.Upload) int { return cmp.Compare(order(a), order(b)) })
	if size := pageSize(opts.PageSize); len(page.Uploads) > size {
		page.Uploads = page.Uploads[:size:size]
		page.NextToken = encodeToken(order(page.Uploads[size-1]))
	}
	return page, nil
}
