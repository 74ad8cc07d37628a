package defects

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// uploadsByPrefix looks for an upload with prefixes of its key that end at a slash and inside of a
// name.
func uploadsByPrefix(ctx context.Context, b bucket) (bool, string, error) {
	const key = "dir/upload"
	up, err := b.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b.name,
		Key: aws.String(key)})
	if err != nil {
		return false, "", err
	}
	listed := make(map[string]bool)
	for _, prefix := range []string{"dir/", "dir/up", key} {
		out, err := b.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: b.name,
			Prefix: aws.String(prefix)})
		if err != nil {
			return false, "", err
		}
		for _, u := range out.Uploads {
			listed[prefix] = listed[prefix] || aws.ToString(u.UploadId) == aws.ToString(up.UploadId)
		}
	}
	if !listed[key] {
		return false, "", errors.New("the upload is not listed by its whole key")
	}
	return !listed["dir/"] && !listed["dir/up"], fmt.Sprintf("listed by %v", listed), nil
}

func childNotListed(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "fd", "x"); err != nil {
		return false, "", err
	}
	_, err := b.put(ctx, "fd/child", "x")
	if status(err) == http.StatusConflict {
		return false, "", errNotApplicable // a server with ObjectBesidePrefixRefused
	}
	if err != nil {
		return false, "", err
	}
	readable, err := b.etag(ctx, "fd/child")
	if err != nil {
		return false, "", err
	}
	var seen []string
	for _, prefix := range []string{"", "fd", "fd/"} {
		out, err := b.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: b.name,
			Prefix: aws.String(prefix)})
		if err != nil {
			return false, "", err
		}
		for _, o := range out.Contents {
			if aws.ToString(o.Key) == "fd/child" {
				seen = append(seen, fmt.Sprintf("%q", prefix))
			}
		}
	}
	return readable != "" && len(seen) == 0, fmt.Sprintf("readable: %t, listed by prefix %v",
		readable != "", seen), nil
}
