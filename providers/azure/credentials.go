package azure

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// tokens gives the tokens of a credential, and marks its failures, as opposed to those of the
// request that needs one.
type tokens struct {
	azcore.TokenCredential
	chain bool // that is the default chain

	// named judges the failures of who was named, and unnamed those of a metadata service that is
	// asked since it could be there.
	named, unnamed httpdriver.CredentialSource
	waiters        httpdriver.Waiters
}

// newTokens gives the tokens of a credential; nil: of the default chain. It asks nobody yet.
func newTokens(credential azcore.TokenCredential) (*tokens, error) {
	t := &tokens{TokenCredential: credential, chain: credential == nil}
	t.unnamed.Default = true
	if !t.chain {
		return t, nil
	}
	// A metadata service that answers nothing must not hold up the lack of credentials.
	client := httpdriver.NewCredentialsClient(httpdriver.NewTransport(nil), 10*time.Second)
	var err error
	t.TokenCredential, err = azidentity.NewDefaultAzureCredential(
		&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: azcore.ClientOptions{
				Transport: client,
			},
		},
	)
	if err != nil {
		none := t.failure(new(httpdriver.Asked), err)
		return nil, &storage.Error{Kind: none.Kind, Err: none}
	}
	return t, nil
}

// chainRetries are what the chain does by itself. Left alone it asks a metadata service that has no
// identity for minutes. The Bucket asks again, too.
var chainRetries = policy.RetryOptions{
	MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second,
	StatusCodes: []int{
		http.StatusRequestTimeout, http.StatusGone, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout,
	},
}

// GetToken implements azcore.TokenCredential.
func (t *tokens) GetToken(
	ctx context.Context, o policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	asking, done := t.waiters.Wait(ctx, 0)
	defer done()
	asking, asked := httpdriver.Ask(asking)
	if t.chain {
		asking = policy.WithRetryOptions(asking, chainRetries)
	}
	token, err := t.TokenCredential.GetToken(asking, o)
	if err != nil {
		return token, t.failure(asked, err)
	}
	if token.Token, err = httpdriver.TrimSecret("the token", token.Token); err != nil {
		return token, t.failure(new(httpdriver.Asked), err)
	}
	t.named.Had()
	t.unnamed.Had()
	return token, nil
}

// metadataHost is where the chain looks for a managed identity that nothing speaks of.
const metadataHost = "169.254.169.254"

// failure classifies err: by the last request that was made, where it is known, since the chain
// keeps no more of it than a text.
func (t *tokens) failure(asked *httpdriver.Asked, err error) *httpdriver.NoCredentials {
	host, status, unanswered := asked.Last()
	if host == "" {
		status = statusOf(err)
	}
	source, name := &t.named, "the credential"
	if t.chain {
		name = "the default chain of Entra ID" // the SDK says which of its links
	}
	if host == metadataHost && !identityNamed() {
		source = &t.unnamed
	}
	return source.Fail(name, status, driver.PlainText(err), errors.Join(err, unanswered))
}

// identityNamed reports whether the environment speaks of a managed identity.
func identityNamed() bool {
	return os.Getenv("AZURE_CLIENT_ID") != "" ||
		strings.EqualFold(os.Getenv("AZURE_TOKEN_CREDENTIALS"), "ManagedIdentityCredential")
}

// statusOf is the status of the answer that err is made of; 0 for none.
func statusOf(err error) int {
	var refused *azidentity.AuthenticationFailedError
	var said *azcore.ResponseError
	switch {
	case errors.As(err, &refused) && refused.RawResponse != nil:
		return refused.RawResponse.StatusCode
	case errors.As(err, &said):
		return said.StatusCode
	}
	return 0
}

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
