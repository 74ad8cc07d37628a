package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes one CompleteMultipartUpload. Of opts.Checksums the CRCs are held against
// those of the parts; the others cannot be known here and are errors.ErrUnsupported.
func (s *Store) CompleteUpload(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if err := s.honouredAtEnd(ctx, opts); err != nil {
		return nil, err
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	if err := driver.CheckParts(parts, maxParts); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := driver.Verify(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	a := writing(completeDocument)
	in := &s3.CompleteMultipartUploadInput{
		Bucket:   &s.bucket,
		Key:      &key,
		UploadId: &uploadID,
		MultipartUpload: &types.CompletedMultipartUpload{
			Parts: make([]types.CompletedPart, len(parts)),
		},
	}
	in.IfMatch, in.IfNoneMatch = s.conditions(opts.IfAbsent, opts.IfMatch, a)
	var size int64
	for i, p := range parts {
		size += p.Size
		in.MultipartUpload.Parts[i] = types.CompletedPart{
			PartNumber: aws.Int32(int32(p.Number)), ETag: &p.ETag,
		}
		if s.profile.uploadSums {
			in.MultipartUpload.Parts[i].ChecksumCRC32C = encodeSum(p.Checksums.CRC32C)
		}
	}
	if s.profile.uploadSums {
		in.ChecksumType = types.ChecksumTypeFullObject
		in.ChecksumCRC32C = encodeSum(sums.CRC32C)
		in.MpuObjectSize = &size
	}
	out, err := s.client.CompleteMultipartUpload(a.begin(ctx), in)
	if err != nil {
		e := s.fail(ctx, a, err)
		switch {
		case e.Code == "InvalidPart" && s.profile.falseComplete && s.isGone(ctx, key, uploadID):
			e.Kind = storage.ErrNotExist
		case e.Code == "InternalError" && s.profile.busyComplete && s.isGone(ctx, key, uploadID):
			e.Kind, e.InDoubt = storage.ErrNotExist, false
		}
		return nil, e
	}
	if err := a.sameUpload(key, "", out.Key, nil); err != nil {
		return nil, err
	}
	if s.profile.falseComplete && out.ChecksumCRC64NVME == nil {
		return nil, driver.Errorf(
			storage.ErrNotExist, "the answer is that of an upload that is not there",
		)
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      s.completedETag(out.ETag, parts),
		VersionID: s.versionOf(out.VersionId),
		Checksums: sums,
	}, nil
}

// completedETag is the ETag of an answer. Where that may be empty, it is made as the service makes
// it: the MD5 of the parts' MD5s, which are their ETags.
func (s *Store) completedETag(etag *string, parts []*storage.Part) string {
	if aws.ToString(etag) != "" || !s.profile.blankETag {
		return etagOf(etag)
	}
	h := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(strings.Trim(p.ETag, `"`))
		if err != nil || len(sum) != md5.Size {
			return storage.ETagNone
		}
		h.Write(sum)
	}
	return fmt.Sprintf(`"%x-%d"`, h.Sum(nil), len(parts))
}

// isGone asks whether an upload is not there, by one ListParts.
func (s *Store) isGone(ctx context.Context, key, uploadID string) bool {
	_, err := s.ListPartsPage(ctx, key, uploadID, &storage.ListPartsOptions{PageSize: 1})
	return errors.Is(err, storage.ErrNotExist)
}
