package s3

import (
	"context"
	"net/http"
	"reflect"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxHeads bounds the HeadObjects of one Stat where two have to agree. Where writers never leave
// the time for two, the call fails, and is tried again after a pause.
const maxHeads = 20

// Stat makes one HeadObject, or as many as it takes until two in a row agree; see mixedHead. Its
// refusals have no body: a missing bucket is ErrNotExist, too.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if err := s.checkVersion(opts.VersionID); err != nil {
		return nil, err
	}
	o, err := s.head(ctx, key, opts)
	if err != nil || !s.profile.mixedHead {
		return o, err
	}
	for range maxHeads - 1 {
		again, err := s.head(ctx, key, opts)
		if err != nil || reflect.DeepEqual(o, again) {
			return again, err
		}
		o = again
	}
	return nil, driver.Errorf(storage.ErrUnavailable,
		"no two of %d answers in a row agree: the object is replaced all the time", maxHeads)
}

func (s *Store) head(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	in := newRead(http.MethodHead, key, opts)
	in.Set("X-Amz-Checksum-Mode", "ENABLED")
	resp, err := s.send(ctx, in)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	o := s.gotten(key, resp) // whose length an answer to HEAD need not have
	if err := in.checkRead(o, resp, opts); err != nil {
		return nil, err
	}
	return o, nil
}
