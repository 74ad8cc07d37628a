package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Delete makes one DeleteObject.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := s.checkKey(key); err != nil {
		return err
	}
	if opts.IfMatch != "" && !s.profile.can.DeleteIfMatch {
		return s.unconditional("Delete")
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return err
	}
	a := &attempt{Attempt: httpdriver.Attempt{Write: true}}
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}
	in.IfMatch, _ = conditions(false, opts.IfMatch, a)
	if _, err := s.client.DeleteObject(a.begin(ctx), in); err != nil {
		e := s.fail(ctx, a, err)
		if e.Kind == storage.ErrNotExist {
			return nil
		}
		return e
	}
	return nil
}
