package main

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/s3"
)

// makeS3 makes a bucket where the client's region is.
func makeS3(ctx context.Context, s *s3.Store, bucket string) error {
	client := s.Client()
	in := &sdk.CreateBucketInput{Bucket: &bucket}
	// us-east-1 has no name for itself: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
	if region := client.Options().Region; region != "us-east-1" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := client.CreateBucket(ctx, in)
	return classifyS3(err)
}

// classifyS3 gives the errors of requests that no driver makes their kind.
func classifyS3(err error) error {
	if err == nil {
		return nil
	}
	e := &storage.Error{Op: "CreateBucket"}
	var api smithy.APIError
	if !errors.As(err, &api) {
		e.Err = err
		return e
	}
	e.Code = api.ErrorCode()
	switch e.Code {
	case "BucketAlreadyExists", "BucketAlreadyOwnedByYou":
		e.Kind = storage.ErrExist
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken":
		e.Kind = storage.ErrPermission
	case "InvalidBucketName", "IllegalLocationConstraintException":
		e.Kind = storage.ErrInvalid
	}
	e.Err = errors.New(api.ErrorMessage())
	return e
}
