package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/compute/metadata"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// tokens gives up on a token after tokenTimeout, and says of a failure whose it is and whether it
// passes.
type tokens struct {
	found   *auth.Credentials
	name    string // of who gives them
	source  httpdriver.CredentialSource
	waiters *httpdriver.Waiters
}

func newTokens(found *auth.Credentials, callers bool, waiters *httpdriver.Waiters) *tokens {
	t := &tokens{found: found, name: "Options.Credentials", waiters: waiters}
	switch {
	case callers:
	case len(found.JSON()) == 0:
		// That it was found says that it is there, unless it was a name server that said so.
		t.name, t.source.Default = metadataServer, os.Getenv("GCE_METADATA_HOST") == ""
	default:
		t.name = tokenGiver(found.JSON())
	}
	return t
}

const metadataServer = "the metadata server"

// tokenGiver names who gives tokens for a credentials file.
func tokenGiver(file []byte) string {
	var head struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(file, &head)
	switch head.Type {
	case "external_account", "external_account_authorized_user":
		return "workload identity federation"
	case "impersonated_service_account":
		return "impersonation of a service account"
	case "service_account":
		return "the token endpoint of the service account"
	}
	return "the token endpoint"
}

// Token implements auth.TokenProvider.
func (t *tokens) Token(ctx context.Context) (*auth.Token, error) {
	within, done := t.waiters.Wait(ctx, tokenTimeout)
	defer done()
	within, asked := httpdriver.Ask(within)
	token, err := t.found.Token(within)
	if err != nil {
		return nil, t.failure(asked, err)
	}
	value, err := httpdriver.TrimSecret("the token", token.Value)
	if err != nil {
		return nil, t.source.Fail(t.name, 0, err.Error(), err)
	}
	t.source.Had()
	if value == token.Value {
		return token, nil
	}
	trimmed := *token // the other one is its provider's
	trimmed.Value = value
	return &trimmed, nil
}

// universeDomain is a property that the metadata server can have to be asked for.
func (t *tokens) universeDomain(ctx context.Context) (string, error) {
	within, done := t.waiters.Wait(ctx, tokenTimeout)
	defer done()
	domain, err := t.found.UniverseDomain(within)
	if err != nil {
		return "", t.failure(new(httpdriver.Asked), err)
	}
	return domain, nil
}

// failure classifies err: by the last request, where it is known, since the SDK does not always
// keep it in its errors.
func (t *tokens) failure(asked *httpdriver.Asked, err error) *httpdriver.NoCredentials {
	host, status, unanswered := asked.Last()
	if host == "" {
		status = statusOf(err)
	}
	text := driver.PlainText(err)
	return t.source.Fail(t.name, status, text, errors.Join(err, unanswered))
}

// statusOf is the status of the answer that err is made of; 0 for none.
func statusOf(err error) int {
	var refused *auth.Error
	var said *metadata.Error
	var undefined metadata.NotDefinedError
	var asked *url.Error
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		return refused.Response.StatusCode
	case errors.As(err, &said):
		return said.Code
	case errors.As(err, &undefined):
		return http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &asked):
		// The time was over between two attempts: the one before was told to try again.
		return http.StatusServiceUnavailable
	}
	return 0
}
