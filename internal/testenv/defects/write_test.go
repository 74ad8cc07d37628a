package defects

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errNotApplicable is a probe's answer where the server cannot be brought into the state that the
// probe is about.
var errNotApplicable = errors.New("not applicable")

// otherETag is the ETag of no object here.
const otherETag = `"00000000000000000000000000000000"`

// status returns the HTTP status of an answer: 200 for a nil error (204 is the same to a probe), 0
// where there was none.
func status(err error) int {
	var re *smithyhttp.ResponseError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &re):
		return re.HTTPStatusCode()
	}
	return 0
}

func (b bucket) put(ctx context.Context, key, body string) (*s3.PutObjectOutput, error) {
	return b.PutObject(ctx, &s3.PutObjectInput{Bucket: b.name, Key: &key,
		Body: strings.NewReader(body)})
}

// etag returns the ETag of the object, "" if it is missing.
func (b bucket) etag(ctx context.Context, key string) (string, error) {
	out, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: &key})
	if status(err) == http.StatusNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

func deleteIfMatchIgnored(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "k", "one"); err != nil {
		return false, "", err
	}
	_, answer := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.name, Key: aws.String("k"),
		IfMatch: aws.String(otherETag)})
	left, err := b.etag(ctx, "k")
	return answer == nil && left == "", fmt.Sprintf("status %d, object left: %t", status(answer),
		left != ""), err
}

func deleteIfMatchMissing(ctx context.Context, b bucket) (bool, string, error) {
	_, answer := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.name,
		Key: aws.String("missing"), IfMatch: aws.String(otherETag)})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

func copyIfNoneMatchIgnored(ctx context.Context, b bucket) (bool, string, error) {
	return copyOver(ctx, b, &s3.CopyObjectInput{IfNoneMatch: aws.String("*")})
}

func copyIfMatchIgnored(ctx context.Context, b bucket) (bool, string, error) {
	return copyOver(ctx, b, &s3.CopyObjectInput{IfMatch: aws.String(otherETag)})
}

// copyOver copies src over dst, which exists, with a condition that does not hold.
func copyOver(ctx context.Context, b bucket, in *s3.CopyObjectInput) (bool, string, error) {
	src, err := b.put(ctx, "src", "source")
	if err != nil {
		return false, "", err
	}
	if _, err := b.put(ctx, "dst", "destination"); err != nil {
		return false, "", err
	}
	in.Bucket, in.Key, in.CopySource = b.name, aws.String("dst"), aws.String(*b.name+"/src")
	_, answer := b.CopyObject(ctx, in)
	now, err := b.etag(ctx, "dst")
	overwritten := now == aws.ToString(src.ETag)
	return answer == nil && overwritten, fmt.Sprintf("status %d, overwritten: %t", status(answer),
		overwritten), err
}

// objectBesidePrefixRefused tries both orders.
func objectBesidePrefixRefused(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "first/b", "x"); err != nil {
		return false, "", err
	}
	_, above := b.put(ctx, "first", "x")
	if _, err := b.put(ctx, "second", "x"); err != nil {
		return false, "", err
	}
	_, below := b.put(ctx, "second/b", "x")
	refused := status(above) == http.StatusConflict && status(below) == http.StatusConflict
	return refused, fmt.Sprintf("a after a/b: status %d, a/b after a: status %d", status(above),
		status(below)), nil
}

// encryptionIgnored sees encryption ignored only where success is claimed for SSE-S3 and for
// SSE-KMS, and neither the answer nor the object knows of it. A server without a key refuses, which
// is as it should be.
func encryptionIgnored(ctx context.Context, b bucket) (bool, string, error) {
	ignored := true
	var saw []string
	for _, sse := range []types.ServerSideEncryption{types.ServerSideEncryptionAes256,
		types.ServerSideEncryptionAwsKms} {
		key := aws.String(string(sse))
		put, answer := b.PutObject(ctx, &s3.PutObjectInput{Bucket: b.name, Key: key,
			Body: strings.NewReader("x"), ServerSideEncryption: sse})
		if answer != nil {
			ignored = false
			saw = append(saw, fmt.Sprintf("%s: status %d", sse, status(answer)))
			continue
		}
		head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: key})
		if err != nil {
			return false, "", err
		}
		ignored = ignored && put.ServerSideEncryption == "" && head.ServerSideEncryption == ""
		saw = append(saw, fmt.Sprintf("%s: status 200, the answer says %q, HEAD %q", sse,
			put.ServerSideEncryption, head.ServerSideEncryption))
	}
	return ignored, strings.Join(saw, "; "), nil
}

func storageClassIgnored(ctx context.Context, b bucket) (bool, string, error) {
	ignored := true
	var saw []string
	for _, class := range []types.StorageClass{types.StorageClassReducedRedundancy,
		types.StorageClassStandardIa, "NO_SUCH_CLASS"} {
		key := aws.String(string(class))
		_, answer := b.PutObject(ctx, &s3.PutObjectInput{Bucket: b.name, Key: key,
			Body: strings.NewReader("x"), StorageClass: class})
		if answer != nil {
			ignored = false
			saw = append(saw, fmt.Sprintf("%s: status %d", class, status(answer)))
			continue
		}
		head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: key})
		if err != nil {
			return false, "", err
		}
		ignored = ignored && head.StorageClass != class
		saw = append(saw, fmt.Sprintf("%s: status 200, HEAD says %q", class, head.StorageClass))
	}
	return ignored, strings.Join(saw, "; "), nil
}

func ifNoneMatchOverDeleteMarker(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.version(ctx); err != nil {
		return false, "", err
	}
	if _, err := b.put(ctx, "k", "one"); err != nil {
		return false, "", err
	}
	deleted, err := b.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b.name, Key: aws.String("k")})
	if err != nil {
		return false, "", err
	}
	if !aws.ToBool(deleted.DeleteMarker) {
		return false, "", errors.New("the delete made no delete marker")
	}
	_, answer := b.PutObject(ctx, &s3.PutObjectInput{Bucket: b.name, Key: aws.String("k"),
		Body: strings.NewReader("two"), IfNoneMatch: aws.String("*")})
	return status(answer) == http.StatusPreconditionFailed, fmt.Sprintf("status %d",
		status(answer)), nil
}

func newlineRefused(ctx context.Context, b bucket) (bool, string, error) {
	_, answer := b.put(ctx, "a\nb", "x")
	if answer != nil && status(answer) != http.StatusNotFound {
		return false, "", answer
	}
	return answer != nil, fmt.Sprintf("status %d", status(answer)), nil
}

func contentMD5Ignored(ctx context.Context, b bucket) (bool, string, error) {
	_, answer := b.PutObject(ctx, &s3.PutObjectInput{
		Bucket: b.name, Key: aws.String("k"), Body: strings.NewReader("content"),
		ContentMD5: aws.String("AAAAAAAAAAAAAAAAAAAAAA=="),
	})
	left, err := b.etag(ctx, "k")
	return answer == nil && left != "", fmt.Sprintf("status %d, stored: %t", status(answer),
		left != ""), err
}
