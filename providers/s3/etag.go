package s3

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// noETag is well-formed and the ETag of nothing: it stands for tokens that S3 never gave out where
// a request must be made all the same, since a missing object answers otherwise than one that does
// not match.
const noETag = `"-"`

// readMatch is the If-Match of a read, nil for none.
func readMatch(token string) *string {
	if token != "" && !driver.ValidETag(token) {
		token = noETag
	}
	return optional(token)
}

// readNoneMatch is the If-None-Match of a read; what matches nothing is no condition, and neither
// is another tag beside an If-Match: MinIO answers 304 to such a pair where the object is a third
// one.
func readNoneMatch(noneMatch, match string) *string {
	if !driver.ValidETag(noneMatch) || match != "" && match != noneMatch {
		return nil
	}
	return &noneMatch
}

// checkConditions refuses the conditions of a write that the service would not honour, and those
// that match nothing.
func (s *Store) checkConditions(ctx context.Context, o *storage.PutOptions) error {
	if err := s.honoured(ctx, o); err != nil {
		return err
	}
	return driver.CheckMatch(o.IfMatch)
}

// honoured refuses the conditions of a write that the service would not honour.
func (s *Store) honoured(ctx context.Context, o *storage.PutOptions) error {
	if !o.IfAbsent && o.IfMatch == "" {
		return nil
	}
	if err := s.learnVersions(ctx); err != nil {
		return err
	}
	if o.IfAbsent && !s.can().IfAbsent || o.IfMatch != "" && !s.can().IfMatch {
		return s.unconditional("writes")
	}
	return nil
}

// honouredAtEnd refuses the conditions of an upload that CompleteMultipartUpload would not honour.
func (s *Store) honouredAtEnd(ctx context.Context, o *storage.PutOptions) error {
	if (o.IfAbsent || o.IfMatch != "") && !s.can().MultipartConditions {
		return s.unconditional("multipart uploads")
	}
	return s.honoured(ctx, o)
}

// unconditional refuses a condition where it would be ignored, or is not known to be honoured.
func (s *Store) unconditional(what string) error {
	if versioning(s.versions.Load()) == versionsKept {
		return driver.Unsupportedf(
			"conditional %s on %s in a bucket that keeps versions, where the condition is ignored",
			what, s.profile.name,
		)
	}
	return driver.Unsupportedf(
		"conditional %s on %s, where the condition is not known to hold", what, s.profile.name,
	)
}

// conditions are the headers of a conditional write, and the kinds of its refusal. A missing object
// is as good as a changed one to an If-Match.
func (s *Store) conditions(
	ifAbsent bool, ifMatch string, a *attempt,
) (match, noneMatch *string) {
	switch {
	case ifAbsent:
		a.Refused = storage.ErrExist
		return nil, aws.String("*")
	case ifMatch != "":
		a.Refused, a.Missing = storage.ErrPrecondition, storage.ErrPrecondition
		wire := ifMatch
		if s.profile.bareMatch {
			wire = strings.Trim(wire, `"`)
		}
		return &wire, nil
	}
	return nil, nil
}

// etagOf is the ETag of an answer in the one form that conditions take: some services leave the
// quotes out of their XML, and some proxies call weak what S3 gave, which has no weak ones.
func etagOf(etag *string) string {
	text := aws.ToString(etag)
	if driver.ValidETag(text) {
		return text
	}
	inner := strings.Trim(strings.TrimPrefix(text, "W/"), `"`)
	if quoted := `"` + inner + `"`; driver.ValidETag(quoted) {
		return quoted
	}
	return storage.ETagNone
}

// partETag is the ETag of a part, byte for byte: completing the upload gives it back, and no
// condition takes it.
func partETag(etag *string) string { return cmp.Or(aws.ToString(etag), storage.ETagNone) }

// repeatable reports whether etag, in an answer with header h, is that of a part's bytes and of
// nothing else, so that it stays when they are sent again: their MD5. Where md5 went with the part,
// that shows. Elsewhere it is so unless the encryption is SSE-KMS or SSE-C, or the bucket is a
// directory: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html. S3 names the
// encryption in every answer, and the servers that others run name none where there is none.
func (s *Store) repeatable(h http.Header, etag string, md5 []byte) bool {
	inner := strings.Trim(etag, `"`)
	if md5 != nil {
		return inner == hex.EncodeToString(md5)
	}
	sum, err := hex.DecodeString(inner)
	if err != nil || len(sum) != 16 || s.isDirectory() ||
		header(h, "X-Amz-Server-Side-Encryption-Customer-Algorithm") != nil {
		return false
	}
	encryption := aws.ToString(header(h, "X-Amz-Server-Side-Encryption"))
	return encryption == "AES256" || encryption == "" && s.profile.name != "aws"
}

// optional is nil for the zero string: a parameter that is not sent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
