package main

import (
	"context"
	"errors"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"google.golang.org/api/googleapi"

	"github.com/polystore/storage"
)

// What the servers of the scripts do not say.
func TestClassify(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind error
		code int
	}{
		{classifyGCS(nil), nil, exitOK},
		{classifyGCS(&googleapi.Error{Code: 400}), storage.ErrInvalid, exitUsage},
		{classifyGCS(&googleapi.Error{Code: 403, Message: "no"}), storage.ErrPermission,
			exitDenied},
		{classifyGCS(&googleapi.Error{Code: 503}), storage.ErrUnavailable, exitFailed},
		{classifyGCS(context.Canceled), context.Canceled, exitFailed},
		{classifyAzure(nil), nil, exitOK},
		{classifyAzure(&azcore.ResponseError{StatusCode: 409, ErrorCode: "ContainerAlreadyExists"}),
			storage.ErrExist, exitPrecondition},
		{classifyAzure(&azcore.ResponseError{StatusCode: 409, ErrorCode: "ContainerBeingDeleted"}),
			storage.ErrUnavailable, exitFailed},
		{classifyAzure(&azcore.ResponseError{StatusCode: 400, ErrorCode: "InvalidResourceName"}),
			storage.ErrInvalid, exitUsage},
		{classifyAzure(&azcore.ResponseError{StatusCode: 401}), storage.ErrPermission, exitDenied},
		{classifyAzure(context.Canceled), context.Canceled, exitFailed},
	} {
		if test.kind != nil && !errors.Is(test.err, test.kind) {
			t.Errorf("%v is not %v", test.err, test.kind)
		}
		if code := exitCode(test.err); code != test.code {
			t.Errorf("%v: exit code %d, want %d", test.err, code, test.code)
		}
	}
}
