package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	sdk "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/gcs"
)

// projectEnv is the variable by which Google's own tools and libraries are told of a project.
const projectEnv = "GOOGLE_CLOUD_PROJECT"

// makeGCS makes a bucket of the project, where the service puts buckets that do not say where: in the US.
func makeGCS(ctx context.Context, s *gcs.Store, bucket string) error {
	project := os.Getenv(projectEnv)
	if project == "" {
		return usage("say whose the bucket is to be: a project in %s", projectEnv)
	}
	// A second attempt could be refused because of the first.
	b := s.Client().Bucket(bucket).Retryer(sdk.WithPolicy(sdk.RetryNever))
	return classifyGCS(b.Create(ctx, project, nil))
}

// classifyGCS gives the errors of requests that no driver makes their kind.
func classifyGCS(err error) error {
	if err == nil {
		return nil
	}
	e := &storage.Error{Op: "CreateBucket", Err: err}
	var api *googleapi.Error
	if !errors.As(err, &api) {
		return e
	}
	e.Status = api.Code
	if len(api.Errors) > 0 {
		e.Code = api.Errors[0].Reason
	}
	switch api.Code {
	case http.StatusConflict:
		e.Kind = storage.ErrExist
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Kind = storage.ErrPermission
	case http.StatusBadRequest:
		e.Kind = storage.ErrInvalid
	}
	e.Err = errors.New(api.Message)
	return e
}
