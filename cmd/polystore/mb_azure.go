package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/providers/azure"
)

// makeAzure makes the container of the client, to which nobody but the account has access.
func makeAzure(ctx context.Context, s *azure.Store) error {
	_, err := s.Client().Create(ctx, nil)
	return classifyAzure(err)
}

// classifyAzure gives the error of a request that no driver makes its kind. The SDK's text is a
// page, so it is not repeated.
func classifyAzure(err error) error {
	if err == nil {
		return nil
	}
	const op = "CreateContainer"
	var api *azcore.ResponseError
	if !errors.As(err, &api) {
		return &storage.Error{Op: op, Err: driver.Plain(err)}
	}
	return refused(op, api.StatusCode, api.ErrorCode, http.StatusText(api.StatusCode))
}
