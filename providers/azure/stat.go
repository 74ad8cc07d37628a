package azure

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Stat makes one Get Blob Properties, and with ProveChecksums what prove makes. Its conditions are
// seen to here: there is no body that they would spare, and to an If-Match a missing blob would be
// as good as a changed one.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	in := s.newRequest(http.MethodHead, key, opts.VersionID, http.StatusOK)
	resp, err := s.send(ctx, in)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	o, n, err := in.described(resp) // without a size: an answer to HEAD need not have one
	if err != nil {
		return nil, err
	}
	if !n.fits(o.Size) {
		n.sums = storage.Checksums{}
	}
	o.Checksums = trusted(n.sums, resp.Header)
	if err := driver.CheckRead(opts, o); err != nil {
		return nil, err
	}
	if opts.ProveChecksums && !o.Checksums.IsZero() {
		if o.Checksums, err = s.prove(ctx, o, n, opts.VersionID); err != nil {
			return nil, err
		}
	}
	return o, nil
}
