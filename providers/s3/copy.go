package s3

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Copy makes one CopyObject, of at most 5 GiB: above, and of an object to itself without a change,
// it is ErrUnsupported.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if err := s.checkKey(dst); err != nil {
		return nil, err
	}
	if err := s.checkAsked(ctx, src); err != nil {
		return nil, err
	}
	if s.profile.keys.asked&oddTrailing != 0 && strings.HasSuffix(src, "/") {
		return nil, driver.Unsupportedf("Copy of a directory's marker on %s", s.profile.name)
	}
	conditional := opts.IfAbsent || opts.IfMatch != ""
	switch {
	case opts.Token != "":
		return nil, driver.Invalidf("a copy within S3 has no token")
	case conditional && !s.can().CopyConditions:
		return nil, s.unconditional("Copy")
	case opts.SourceIfMatch != "" && !s.can().CopySourceIfMatch:
		return nil, s.unconditional("Copy of a source")
	case opts.Replace && s.profile.stickyHeaders:
		return nil, driver.Unsupportedf(
			"Copy with Replace on %s, which keeps headers of the source", s.profile.name,
		)
	}
	if err := s.checkVersion(opts.SourceVersionID); err != nil {
		return nil, err
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	if err := driver.CheckHeaders(driver.CopyPutOptions(opts)); err != nil {
		return nil, err
	}
	x, err := s.extras(opts.Metadata, opts.Tags, opts.StorageClass)
	if err != nil {
		return nil, err
	}
	a := writing(copyDocument)
	in := &s3.CopyObjectInput{
		Bucket:               &s.bucket,
		Key:                  &dst,
		CopySource:           s.copySource(src, opts.SourceVersionID),
		CopySourceIfMatch:    readMatch(opts.SourceIfMatch),
		StorageClass:         x.class,
		ServerSideEncryption: types.ServerSideEncryption(s.sse),
		SSEKMSKeyId:          optional(s.kmsKey),
	}
	in.IfMatch, in.IfNoneMatch = s.conditions(opts.IfAbsent, opts.IfMatch, a)
	if opts.Replace {
		in.MetadataDirective = types.MetadataDirectiveReplace
		if s.can().Tags {
			in.TaggingDirective = types.TaggingDirectiveReplace
		}
		in.ContentType = optional(opts.ContentType)
		in.ContentEncoding = optional(opts.ContentEncoding)
		in.ContentDisposition = optional(opts.ContentDisposition)
		in.ContentLanguage = optional(opts.ContentLanguage)
		in.CacheControl = optional(opts.CacheControl)
		in.Metadata, in.Tagging = x.metadata, x.tagging
	}
	out, err := s.client.CopyObject(a.begin(ctx), in, s.copyHeaders(in))
	if err != nil {
		e := s.fail(ctx, a, err)
		// one code for many things: the Bucket's way does them all
		if e.Code == "InvalidRequest" || e.Code == "EntityTooLarge" {
			e.Kind = errors.ErrUnsupported
		}
		return nil, e
	}
	o := &storage.Object{
		Key: dst, Size: -1, ETag: storage.ETagNone, VersionID: s.versionOf(out.VersionId),
	}
	if r := out.CopyObjectResult; r != nil {
		o.ETag = etagOf(r.ETag)
		o.ModTime = modTime(r.LastModified)
		o.Checksums = answered(
			r.ChecksumType, r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumMD5,
			r.ChecksumSHA1, r.ChecksumSHA256,
		)
	}
	return &storage.CopyResult{Object: o}, nil
}

// copyHeaders gives the conditions of in the names that the service has for them.
func (s *Store) copyHeaders(in *s3.CopyObjectInput) func(*s3.Options) {
	match, noneMatch := in.IfMatch, in.IfNoneMatch
	if s.profile.copyPrefix == "" || match == nil && noneMatch == nil {
		return func(*s3.Options) {}
	}
	in.IfMatch, in.IfNoneMatch = nil, nil
	name, v := "if-match", match
	if match == nil {
		name, v = "if-none-match", noneMatch
	}
	return s3.WithAPIOptions(smithyhttp.SetHeaderValue(s.profile.copyPrefix+name, *v))
}

// copySource is the x-amz-copy-source header. It is decoded once more than a path: also '+' must be
// escaped.
func (s *Store) copySource(key, version string) *string {
	source := s.bucket + "/" + key
	if s.arn {
		source = s.bucket + "/object/" + key
	}
	source = httpbinding.EscapePath(source, false)
	if version != "" {
		source += "?versionId=" + httpbinding.EscapePath(version, true)
	}
	return &source
}
