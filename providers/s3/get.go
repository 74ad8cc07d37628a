package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/polystore/storage"
)

// Get makes one GetObject.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{
		Bucket:      &s.bucket,
		Key:         &key,
		Range:       rangeHeader(opts.Offset, opts.Length),
		IfMatch:     readMatch(opts.IfMatch),
		IfNoneMatch: readNoneMatch(opts.IfNoneMatch),
		VersionId:   optional(opts.VersionID),
	}
	if !opts.IfModifiedSince.IsZero() {
		in.IfModifiedSince = &opts.IfModifiedSince
	}
	if in.Range == nil {
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	a := new(attempt)
	out, err := s.client.GetObject(a.begin(ctx), in, unvalidated)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	if notModified(out.LastModified, opts.IfModifiedSince, opts.IfNoneMatch) {
		out.Body.Close()
		return nil, &storage.Error{Kind: storage.ErrNotModified}
	}
	r := &storage.GetResult{Object: gotten(key, out), Body: &reader{ctx, out.Body}, Length: aws.ToInt64(out.ContentLength)}
	r.Object.Size = r.Length
	if out.ContentLength == nil { // then nobody could tell a short body
		out.Body.Close()
		return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: errors.New("an answer without Content-Length")}
	}
	if out.ContentRange == nil {
		return r, nil // the whole object, also where the server ignored the range
	}
	if opts.Offset < 0 && strings.HasSuffix(*out.ContentRange, "/0") {
		r.Length, r.Object.Size = 0, 0 // MinIO over TLS: "bytes 0--1/0", the suffix of an empty object
		return r, nil
	}
	first, last, size, err := parseContentRange(*out.ContentRange)
	if err != nil {
		out.Body.Close()
		return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	}
	r.Offset, r.Length, r.Object.Size = first, last-first+1, size
	r.Object.Checksums = storage.Checksums{} // whatever they are of
	return r, nil
}

// notModified decides IfModifiedSince to the second where the service took the fractions of its own clock into account, as
// versitygw does. An If-None-Match that holds wins over it: RFC 9110, section 13.2.2.
func notModified(modified *time.Time, since time.Time, noneMatch string) bool {
	return !since.IsZero() && noneMatch == "" && modified != nil && !modTime(modified).After(since)
}

// unvalidated takes out the SDK's check of the body's sum, which costs a third of the speed where the sum is a CRC64NVME. The
// Bucket checks.
func unvalidated(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		stack.Deserialize.Remove("AWSChecksum:ValidateOutputPayloadChecksum") // there with ChecksumMode only
		return nil
	})
}

// rangeHeader is nil for the whole object: a range of an empty object would be refused.
func rangeHeader(offset, length int64) *string {
	switch {
	case offset < 0:
		return aws.String("bytes=" + strconv.FormatInt(offset, 10))
	case length > 0 && offset <= math.MaxInt64-length:
		return aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	case offset > 0: // also where the end is behind all numbers
		return aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	return nil
}

// parseContentRange reads "bytes first-last/size".
func parseContentRange(v string) (first, last, size int64, err error) {
	bad := func() (int64, int64, int64, error) {
		return 0, 0, 0, fmt.Errorf("malformed Content-Range %q", v)
	}
	bounds, total, ok := strings.Cut(strings.TrimPrefix(v, "bytes "), "/")
	from, to, dash := strings.Cut(bounds, "-")
	if !ok || !dash || !strings.HasPrefix(v, "bytes ") {
		return bad()
	}
	var n [3]int64
	for i, text := range [...]string{from, to, total} {
		u, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return bad()
		}
		n[i] = int64(u)
	}
	if n[0] > n[1] || n[1] >= n[2] {
		return bad()
	}
	return n[0], n[1], n[2], nil
}

func gotten(key string, out *s3.GetObjectOutput) *storage.Object {
	return &storage.Object{
		Key:                key,
		ETag:               etagOf(out.ETag),
		VersionID:          aws.ToString(out.VersionId),
		ModTime:            modTime(out.LastModified),
		ContentType:        aws.ToString(out.ContentType),
		ContentEncoding:    aws.ToString(out.ContentEncoding),
		ContentDisposition: aws.ToString(out.ContentDisposition),
		ContentLanguage:    aws.ToString(out.ContentLanguage),
		CacheControl:       aws.ToString(out.CacheControl),
		Metadata:           userMetadata(out.Metadata),
		StorageClass:       string(out.StorageClass),
		Checksums:          answered(out.ChecksumType, out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA1, out.ChecksumSHA256),
	}
}

// reader names the errors of a body.
type reader struct {
	ctx  context.Context
	body io.ReadCloser
}

func (r *reader) Read(p []byte) (int, error) {
	if ended := r.ctx.Err(); ended != nil {
		return 0, &storage.Error{Err: ended} // also where bytes have arrived already
	}
	n, err := r.body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if ended := r.ctx.Err(); ended != nil {
		return n, &storage.Error{Err: ended}
	}
	return n, &storage.Error{Kind: storage.ErrUnavailable, Err: &cause{plainText(err), err}}
}

func (r *reader) Close() error { return r.body.Close() }
