package main

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/providers/s3"
)

// makeS3 makes a bucket where the client's region is.
func makeS3(ctx context.Context, s *s3.Store, bucket string) error {
	client := s.Client()
	in := &sdk.CreateBucketInput{Bucket: &bucket}
	// us-east-1 has no name for itself:
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
	if region := client.Options().Region; region != "us-east-1" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(region),
		}
	}
	_, err := client.CreateBucket(ctx, in)
	return classifyS3(err)
}

// classifyS3 gives the error of a request that no driver makes its kind.
func classifyS3(err error) error {
	if err == nil {
		return nil
	}
	const op = "CreateBucket"
	var answer *smithyhttp.ResponseError
	var api smithy.APIError
	if errors.As(err, &answer) && errors.As(err, &api) {
		return refused(op, answer.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage())
	}
	return &storage.Error{Op: op, Err: driver.Plain(err)}
}
