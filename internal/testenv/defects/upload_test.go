package defects

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// upload is an upload of one part.
type upload struct {
	id, etag string
}

func (b bucket) begin(ctx context.Context, key string) (upload, error) {
	out, err := b.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b.name,
		Key: &key})
	if err != nil {
		return upload{}, err
	}
	u := upload{id: aws.ToString(out.UploadId)}
	part, err := b.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: b.name, Key: &key, UploadId: &u.id, PartNumber: aws.Int32(1),
		Body: strings.NewReader("part"),
	})
	if err == nil {
		u.etag = aws.ToString(part.ETag)
	}
	return u, err
}

func (b bucket) complete(
	ctx context.Context, key string, u upload, in s3.CompleteMultipartUploadInput,
) (*s3.CompleteMultipartUploadOutput, error) {
	in.Bucket, in.Key, in.UploadId = b.name, &key, &u.id
	in.MultipartUpload = &types.CompletedMultipartUpload{
		Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: &u.etag}},
	}
	return b.CompleteMultipartUpload(ctx, &in)
}

func completeIfNoneMatch(ctx context.Context, b bucket) (bool, string, error) {
	return completeOver(ctx, b, s3.CompleteMultipartUploadInput{IfNoneMatch: aws.String("*")})
}

func completeIfMatch(ctx context.Context, b bucket) (bool, string, error) {
	return completeOver(ctx, b, s3.CompleteMultipartUploadInput{IfMatch: aws.String(otherETag)})
}

// completeOver completes an upload over an object, with a condition that does not hold.
func completeOver(
	ctx context.Context, b bucket, in s3.CompleteMultipartUploadInput,
) (bool, string, error) {
	old, err := b.put(ctx, "k", "old")
	if err != nil {
		return false, "", err
	}
	u, err := b.begin(ctx, "k")
	if err != nil {
		return false, "", err
	}
	_, answer := b.complete(ctx, "k", u, in)
	now, err := b.etag(ctx, "k")
	over := now != aws.ToString(old.ETag)
	return answer == nil && over,
		fmt.Sprintf("status %d, overwritten: %t", status(answer), over), err
}

func completeWithoutETag(ctx context.Context, b bucket) (bool, string, error) {
	u, err := b.begin(ctx, "k")
	if err != nil {
		return false, "", err
	}
	out, err := b.complete(ctx, "k", u, s3.CompleteMultipartUploadInput{})
	if err != nil {
		return false, "", err
	}
	return aws.ToString(out.ETag) == "", fmt.Sprintf("ETag %q", aws.ToString(out.ETag)), nil
}

func completeGoneBusy(ctx context.Context, b bucket) (bool, string, error) {
	u, err := b.begin(ctx, "k")
	if err != nil {
		return false, "", err
	}
	in := &s3.AbortMultipartUploadInput{Bucket: b.name, Key: aws.String("k"), UploadId: &u.id}
	if _, err := b.AbortMultipartUpload(ctx, in); err != nil {
		return false, "", err
	}
	_, answer := b.complete(ctx, "k", u, s3.CompleteMultipartUploadInput{})
	return status(answer) == http.StatusInternalServerError,
		fmt.Sprintf("status %d", status(answer)), nil
}

func completeTwice(ctx context.Context, b bucket) (bool, string, error) {
	u, err := b.begin(ctx, "k")
	if err != nil {
		return false, "", err
	}
	if _, err := b.complete(ctx, "k", u, s3.CompleteMultipartUploadInput{}); err != nil {
		return false, "", err
	}
	if _, err := b.put(ctx, "k", "newer"); err != nil {
		return false, "", err
	}
	_, answer := b.complete(ctx, "k", u, s3.CompleteMultipartUploadInput{})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

// encodedKey has what an encoding changes, and ends as the encoding of another key would.
const encodedKey = "k a+b%41"

// uploadKey is how the key of an upload is listed, and what the answer says of its encoding.
func (b bucket) uploadKey(ctx context.Context) (key, told string, err error) {
	if _, err := b.begin(ctx, encodedKey); err != nil {
		return "", "", err
	}
	out, err := b.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{
		Bucket: b.name, EncodingType: types.EncodingTypeUrl,
	})
	if err != nil || len(out.Uploads) != 1 {
		return "", "", fmt.Errorf("uploads: %v, %w", out, err)
	}
	return aws.ToString(out.Uploads[0].Key), string(out.EncodingType), nil
}

func uploadsEncodedUnsaid(ctx context.Context, b bucket) (bool, string, error) {
	key, told, err := b.uploadKey(ctx)
	return key != encodedKey && told == "", fmt.Sprintf("%q, EncodingType %q", key, told), err
}

func uploadsPlainUnsaid(ctx context.Context, b bucket) (bool, string, error) {
	key, told, err := b.uploadKey(ctx)
	return key == encodedKey && told == "", fmt.Sprintf("%q, EncodingType %q", key, told), err
}

func listPlainUnsaid(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, encodedKey, "x"); err != nil {
		return false, "", err
	}
	out, err := b.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: b.name, EncodingType: types.EncodingTypeUrl,
	})
	if err != nil || len(out.Contents) != 1 {
		return false, "", fmt.Errorf("objects: %v, %w", out, err)
	}
	key, told := aws.ToString(out.Contents[0].Key), out.EncodingType
	return key == encodedKey && told == "", fmt.Sprintf("%q, EncodingType %q", key, told), nil
}

func uploadsInOtherOrder(ctx context.Context, b bucket) (bool, string, error) {
	for _, key := range []string{"a", "a-b", "a/b"} {
		if _, err := b.begin(ctx, key); err != nil {
			return false, "", err
		}
	}
	out, err := b.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: b.name})
	if err != nil {
		return false, "", err
	}
	var keys []string
	for _, u := range out.Uploads {
		keys = append(keys, aws.ToString(u.Key))
	}
	return !slices.IsSorted(keys), fmt.Sprintf("%q", keys), nil
}

func partSourceIfMatch(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	answer, err := b.copyPart(ctx, "src", aws.String(otherETag))
	return answer == nil, fmt.Sprintf("status %d", status(answer)), err
}

// copyPart makes a part of an upload of its own out of the object under src, which is escaped.
func (b bucket) copyPart(ctx context.Context, src string, match *string) (answer, err error) {
	u, err := b.begin(ctx, "upload")
	if err != nil {
		return nil, err
	}
	_, answer = b.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: b.name, Key: aws.String("upload"), UploadId: &u.id, PartNumber: aws.Int32(1),
		CopySource: aws.String(*b.name + "/" + src), CopySourceIfMatch: match,
	})
	return answer, nil
}

// partSourceDecodedTwice asks for a key that exists, and that would be another one if it were
// decoded again. What would end the process is not asked for.
func partSourceDecodedTwice(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "a%41", "x"); err != nil {
		return false, "", err
	}
	answer, err := b.copyPart(ctx, "a%2541", nil)
	return status(answer) == http.StatusNotFound, fmt.Sprintf("status %d", status(answer)), err
}
