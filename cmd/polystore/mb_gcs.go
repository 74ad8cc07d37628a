package main

import (
	"context"
	"errors"
	"os"

	sdk "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/providers/gcs"
)

// projectEnv is the variable by which Google's own tools and libraries are told of a project.
const projectEnv = "GOOGLE_CLOUD_PROJECT"

// makeGCS makes a bucket of the project, where the service puts buckets that do not say where: in
// the US.
func makeGCS(ctx context.Context, s *gcs.Store, bucket string) error {
	project := os.Getenv(projectEnv)
	if project == "" {
		return usage("say whose the bucket is to be: a project in %s", projectEnv)
	}
	// A second attempt could be refused because of the first.
	b := s.Client().Bucket(bucket).Retryer(sdk.WithPolicy(sdk.RetryNever))
	return classifyGCS(b.Create(ctx, project, nil))
}

// classifyGCS gives the error of a request that no driver makes its kind.
func classifyGCS(err error) error {
	if err == nil {
		return nil
	}
	const op = "CreateBucket"
	var api *googleapi.Error
	if !errors.As(err, &api) {
		return &storage.Error{Op: op, Err: driver.Plain(err)}
	}
	var reason string
	if len(api.Errors) > 0 {
		reason = api.Errors[0].Reason
	}
	return refused(op, api.Code, reason, api.Message)
}
