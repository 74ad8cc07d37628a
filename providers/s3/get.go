package s3

import (
	"context"
	"net/http"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one GetObject.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if err := s.checkVersion(opts.VersionID); err != nil {
		return nil, err
	}
	c := driver.ReadConditions(opts)
	in := newRead(http.MethodGet, key, c)
	in.Stream = true
	if ranged := httpdriver.Range(opts); ranged != "" {
		in.Set("Range", ranged)
	} else {
		in.Set("X-Amz-Checksum-Mode", "ENABLED")
	}
	resp, err := s.send(ctx, in)
	if err != nil {
		return nil, err
	}
	r, err := s.result(in, resp, c, opts)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	r.Body = driver.NewBody(ctx, resp.Body, r.Length)
	return r, nil
}

// result reads the headers of the answer to a Get.
func (s *Store) result(
	in *request, resp *http.Response, c *storage.StatOptions, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r := &storage.GetResult{
		Object: s.gotten(in.key, resp), Length: resp.ContentLength,
		NewCRC64NVME: s.hasher.NewCRC64NVME,
	}
	if err := in.checkRead(r.Object, resp, c); err != nil {
		return nil, err
	}
	ranged := resp.Header.Get("Content-Range")
	switch {
	case r.Length < 0 && ranged == "" && !httpdriver.Delimited(resp):
		return nil, in.Foreign("an object without a length") // nobody could tell a short body
	case ranged == "": // the whole object, also where the server ignored the range
	case opts.Offset < 0 && strings.HasSuffix(ranged, "/0"):
		// MinIO over TLS: "bytes 0--1/0", the suffix of an empty object.
		r.Length, r.Object.Size = 0, 0
	default:
		r.Object.Checksums = storage.Checksums{} // whatever they are of
		return r, httpdriver.SetRange(r, opts, ranged)
	}
	return r, nil
}
