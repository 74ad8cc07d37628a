package s3

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage/driver/httpdriver"
)

// credentialsExchange makes the requests of the SDK's clients of those who give out credentials.
// The SDK's own client follows a 307 and a 308 to any host and over plain HTTP, with a bearer token
// and that of a metadata service in the headers, and reads answers without an end. A configuration
// that names a CA bundle takes no other client, so this stands where a request would reach it.
type credentialsExchange struct{ client *http.Client }

// of takes what the SDK's client trusts from the configuration that it is part of.
func (e *credentialsExchange) of(cfg *aws.Config) {
	base := httpdriver.NewTransport(nil)
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		base = b.GetTransport()
	}
	e.client = httpdriver.NewCredentialsClient(base, credentialsTimeout)
}

// add is for the APIOptions of a configuration.
func (e *credentialsExchange) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(e, middleware.After)
}

// ID implements middleware.DeserializeMiddleware.
func (*credentialsExchange) ID() string { return "polystore:CredentialsExchange" }

// HandleDeserialize implements middleware.DeserializeMiddleware. It is the last: what would follow
// is the SDK's client.
func (e *credentialsExchange) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler,
) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	handler := smithyhttp.NewClientHandlerWithOptions(e.client)
	out.RawResponse, metadata, err = handler.Handle(ctx, in.Request)
	return out, metadata, err
}
