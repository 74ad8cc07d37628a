package s3

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Delete makes one DeleteObject.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if opts.IfMatch != "" && !s.can().DeleteIfMatch {
		return s.unconditional("Delete")
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return err
	}
	if err := s.checkAsked(ctx, key); err != nil {
		return driver.GoneErr(err, opts.IfMatch)
	}
	in := newRequest(http.MethodDelete, key, "x-id=DeleteObject")
	in.Write, in.silent = true, true
	match, _ := s.conditions(false, opts.IfMatch, &in.attempt)
	in.setOptional("If-Match", match)
	if _, err := s.sendWrite(ctx, in); err != nil {
		return driver.GoneErr(err, opts.IfMatch)
	}
	return nil
}
