package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
)

// makeAzure makes the container of the client, to which nobody but the account has access.
func makeAzure(ctx context.Context, s *azure.Store) error {
	_, err := s.Client().Create(ctx, nil)
	return classifyAzure(err)
}

// classifyAzure gives the errors of requests that no driver makes their kind. The SDK's text is a page, so it is not repeated.
func classifyAzure(err error) error {
	if err == nil {
		return nil
	}
	e := &storage.Error{Op: "CreateContainer", Err: err}
	var api *azcore.ResponseError
	if !errors.As(err, &api) {
		return e
	}
	e.Status, e.Code = api.StatusCode, api.ErrorCode
	e.Err = errors.New(http.StatusText(e.Status))
	switch {
	case e.Code == "ContainerAlreadyExists":
		e.Kind = storage.ErrExist
	case e.Code == "ContainerBeingDeleted":
		e.Kind = storage.ErrUnavailable
		e.Err = errors.New("its name is free again about half a minute after it was deleted")
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		e.Kind = storage.ErrPermission
	case e.Status == http.StatusBadRequest:
		e.Kind = storage.ErrInvalid
	}
	return e
}
