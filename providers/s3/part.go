package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// PutPart makes one UploadPart.
func (s *Store) PutPart(
	ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, payload, err := s.seal(ctx, p, new(storage.Checksums), &opts.Checksums)
	if err != nil {
		return nil, err
	}
	in := newUpload(key, partQuery(uploadID, number), p, &sums, payload)
	in.Set("Content-Type", binary)
	in.setEncoding("")
	if s.busy.Now() { // a service that began the upload wants its parts otherwise
		in.wait()
	}
	h, err := s.sendWrite(ctx, in)
	if err != nil {
		return nil, uploadGone(err)
	}
	if sums, err = in.sums(sums, h); err != nil {
		return nil, err
	}
	etag := partETag(header(h, "Etag"))
	return &storage.Part{
		Number: number, Size: size, ETag: etag, Checksums: sums,
		Repeatable: s.repeatable(h, etag, sums.MD5),
	}, nil
}

// SumPart reads the part once, or not at all where PutPart makes its sum on the way.
func (s *Store) SumPart(
	ctx context.Context, body io.ReadSeeker, size int64,
) (storage.Checksums, error) {
	if s.trails(size) {
		return storage.Checksums{}, nil
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return storage.Checksums{}, err
	}
	_, which := s.sums(new(storage.Checksums))
	return s.hasher.Sum(ctx, p, which)
}

// CopyPart makes one UploadPartCopy. The range must not be empty.
func (s *Store) CopyPart(
	ctx context.Context, key, uploadID string, number int, src string,
	opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	if err := s.checkAsked(ctx, src); err != nil {
		return nil, err
	}
	if !s.can().CopyPart {
		return nil, driver.Unsupportedf("UploadPartCopy on %s", s.profile.name)
	}
	if opts.SourceIfMatch != "" && !s.can().CopySourceIfMatch {
		return nil, s.unconditional("UploadPartCopy")
	}
	if s.profile.decodesPartSource && strings.ContainsAny(src, "%?") {
		return nil, driver.Unsupportedf(
			"UploadPartCopy of %q on %s, which would take it for another key", src, s.profile.name,
		)
	}
	if err := s.checkVersion(opts.SourceVersionID); err != nil {
		return nil, err
	}
	if err := driver.CheckSourceRange(opts, -1); err != nil {
		return nil, err
	}
	a := writing(copyDocument)
	out, err := s.client.UploadPartCopy(a.begin(ctx), &s3.UploadPartCopyInput{
		Bucket:            &s.bucket,
		Key:               &key,
		UploadId:          &uploadID,
		PartNumber:        aws.Int32(int32(number)),
		CopySource:        s.copySource(src, opts.SourceVersionID),
		CopySourceIfMatch: readMatch(opts.SourceIfMatch),
		CopySourceRange: aws.String(
			fmt.Sprintf("bytes=%d-%d", opts.SourceOffset, opts.SourceOffset+opts.SourceLength-1),
		),
	})
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	part := &storage.Part{Number: number, Size: opts.SourceLength, ETag: storage.ETagNone}
	if r := out.CopyPartResult; r != nil {
		part.ETag = partETag(r.ETag)
		part.Checksums = answered(
			"", r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumMD5,
			r.ChecksumSHA1, r.ChecksumSHA256,
		)
	}
	return part, nil
}

// uploadGone gives a 404 of a part its kind where the service, which gave it an ID, does not say
// what is missing: Ceph does not while an upload is being aborted.
func uploadGone(err error) error {
	e, ok := errors.AsType[*storage.Error](err)
	if ok && e.Kind == nil && e.Status == http.StatusNotFound && e.RequestID != "" {
		e.Kind = storage.ErrNotExist
	}
	return err
}

func (s *Store) checkPart(key string, number int) error {
	if err := driver.CheckPartNumber(number, maxParts); err != nil {
		return err
	}
	return s.checkKey(key)
}
