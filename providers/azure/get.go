package azure

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one Get Blob. Azure has no suffixes: Offset < 0 is ErrUnsupported. Only where an
// IfMatch is refused a request follows, which tells a missing object from a changed one.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if opts.Offset < 0 {
		return nil, driver.Unsupportedf("a range from the end on Azure")
	}
	in := s.newRequest(
		http.MethodGet, key, opts.VersionID, http.StatusOK, http.StatusPartialContent,
	)
	in.Stream = true
	in.Set("Accept", octets)
	in.Set("x-ms-range", httpdriver.Range(opts))
	in.Set(readCondition(opts))
	resp, err := s.send(ctx, in)
	if err != nil {
		if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrPrecondition {
			_, err := s.Stat(ctx, key, &storage.StatOptions{VersionID: opts.VersionID})
			if isNotExist(err) {
				e.Kind = storage.ErrNotExist
			}
		}
		return nil, err
	}
	r, err := s.result(in, resp, opts)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	r.Body = driver.NewBody(ctx, resp.Body, r.Length)
	return r, nil
}

// result reads the header of the answer to a Get.
func (s *Store) result(
	in *request, resp *http.Response, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	o, n, err := in.described(resp)
	if err != nil {
		return nil, err
	}
	// Also a sum of an object of another size: either somebody carried it over, or this answer lies
	// about its length. The Bucket asks for a proof of what does not fit.
	o.Checksums = trusted(n.sums, resp.Header)
	r := &storage.GetResult{
		Object: o, Length: o.Size, Unproven: true,
		Classless: resp.Header.Get(tierField) == "", NewCRC64NVME: s.hasher.NewCRC64NVME,
	}
	contentRange := resp.Header.Get("Content-Range")
	if o.Size < 0 && contentRange == "" && !httpdriver.Delimited(resp) {
		return nil, in.Foreign("an object without a length") // nobody could tell a short body
	}
	if contentRange != "" {
		if err := ranged(r, opts, contentRange); err != nil {
			return nil, err
		}
	}
	return r, driver.CheckRead(driver.ReadConditions(opts), o)
}

// ranged reads a Content-Range into r.
func ranged(r *storage.GetResult, asked *storage.GetOptions, contentRange string) error {
	if r.Length == 0 { // Azurite's answer at the end of an object, where Azure says 416
		return &storage.Error{Kind: storage.ErrRange}
	}
	r.Object.Checksums = storage.Checksums{} // the Bucket holds them against the body
	return httpdriver.SetRange(r, asked, contentRange)
}
