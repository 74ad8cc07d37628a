package s3

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
)

// Stat makes one HeadObject. Its refusals have no body: a missing bucket is ErrNotExist, too.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if err := s.checkVersion(opts.VersionID); err != nil {
		return nil, err
	}
	c := &asked{opts.VersionID, opts.IfMatch, opts.IfNoneMatch, opts.IfModifiedSince}
	in := newRead(http.MethodHead, key, c)
	in.set("X-Amz-Checksum-Mode", "ENABLED")
	resp, err := s.send(ctx, in)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	o := s.gotten(key, resp) // whose length an answer to HEAD need not have
	if err := in.checkRead(o, resp, c); err != nil {
		return nil, err
	}
	return o, nil
}
