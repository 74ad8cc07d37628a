package azure

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// defaultCredential is the default chain of Entra ID. It asks nobody yet.
func (s *Store) defaultCredential() (azcore.TokenCredential, error) {
	t := httpdriver.NewTransport(nil)
	// rare and small requests: no connection is kept that a Close would have to close
	t.DisableKeepAlives = true
	// A metadata service that answers nothing must not hold up the lack of credentials.
	t.ResponseHeaderTimeout = 10 * time.Second
	c, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: t}},
	})
	if err != nil {
		return nil, &storage.Error{Kind: storage.ErrPermission, Err: &credentialsError{err}}
	}
	return c, nil
}

// tokens marks the failures of a credential, as opposed to those of the request that needs it.
type tokens struct{ azcore.TokenCredential }

func (t tokens) GetToken(
	ctx context.Context, o policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	token, err := t.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, &credentialsError{err}
	}
	return token, nil
}

// credentialsError is a failure to get credentials.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string {
	return "no credentials: " + strings.Join(strings.Fields(driver.PlainText(e.err)), " ")
}

func (e *credentialsError) Unwrap() error { return e.err }

// NonRetriable keeps the SDK from trying again; the name is its own.
func (e *credentialsError) NonRetriable() {}

// bearer returns a token for what the SDK does not ask one for by itself, or not under ctx.
func (s *Store) bearer(ctx context.Context) (issued, error) {
	token, err := s.token.GetToken(
		ctx, policy.TokenRequestOptions{Scopes: []string{"https://storage.azure.com/.default"}},
	)
	if err != nil {
		return issued{}, fail(ctx, new(attempt), err)
	}
	return issued(token), nil
}

// issued is the credential of a token that is there already.
type issued azcore.AccessToken

func (t issued) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken(t), nil
}
