package s3

import (
	"cmp"
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// binary is the type of what nobody gave one.
const binary = "application/octet-stream"

// Put makes one PutObject, of at most 5 GiB (a little less on some services).
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if limit := s.profile.putLimit(); size > limit {
		return nil, driver.Invalidf("%d bytes in one request, at most %d", size, limit)
	}
	if err := s.checkConditions(ctx, opts); err != nil {
		return nil, err
	}
	if err := driver.CheckHeaders(opts); err != nil {
		return nil, err
	}
	x, err := s.extras(opts.Metadata, opts.Tags, opts.StorageClass)
	if err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, payload, err := s.seal(ctx, p, &opts.Checksums, nil)
	if err != nil {
		return nil, err
	}
	wire, keptMD5 := sums, []byte(nil)
	if s.keepsMD5(&opts.Checksums) {
		wire.MD5, keptMD5 = nil, sums.MD5
	}
	in := newUpload(key, "x-id=PutObject", p, &wire, payload)
	in.object = true
	in.wait()
	in.setOptional("X-Amz-Checksum-Md5", encodeSum(keptMD5))
	in.Set("Content-Type", cmp.Or(opts.ContentType, binary))
	in.setEncoding(opts.ContentEncoding)
	in.Set("Content-Disposition", opts.ContentDisposition)
	in.Set("Content-Language", opts.ContentLanguage)
	in.Set("Cache-Control", opts.CacheControl)
	in.Set("X-Amz-Server-Side-Encryption", s.sse)
	in.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", s.kmsKey)
	in.setExtras(&x)
	match, noneMatch := s.conditions(opts.IfAbsent, opts.IfMatch, &in.attempt)
	in.setOptional("If-Match", match)
	in.setOptional("If-None-Match", noneMatch)
	h, err := s.sendWrite(ctx, in)
	if err != nil {
		return nil, err
	}
	if sums, err = in.sums(sums, h); err != nil {
		return nil, err
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      etagOf(header(h, "Etag")),
		VersionID: s.versionOf(header(h, "X-Amz-Version-Id")),
		Checksums: sums,
	}, nil
}
