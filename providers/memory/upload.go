package memory

import (
	"context"
	"crypto/rand"
	"maps"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
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

// describe returns the part, the caller's own.
func (p *part) describe() *storage.Part {
	d := p.Part
	d.Checksums = ownSums(d.Checksums)
	return &d
}

// CreateUpload begins an upload.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return "", err
	}
	u := &upload{key: key, created: now(), opts: *opts, parts: make(map[int]*part)}
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
	return nil, driver.Errorf(storage.ErrNotExist, "no such upload")
}

// AbortUpload drops an upload.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	if err := driver.ContextErr(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.upload(key, id); err == nil {
		delete(s.uploads, id)
	}
	return nil
}
