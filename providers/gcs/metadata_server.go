package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/compute/metadata"

	"github.com/polystore/storage/driver/httpdriver"
)

// metadataTokens gives the tokens of the metadata server, as the SDK does, by a client that follows
// no redirect and reads no answer without an end: the SDK's takes no other client than its own.
type metadataTokens struct {
	client *metadata.Client
	scopes []string

	mu       sync.Mutex
	universe string // empty: not asked for yet
}

// metadataCredentials are those of the metadata server.
func metadataCredentials(scopes []string) *auth.Credentials {
	m := &metadataTokens{scopes: scopes}
	m.client = metadata.NewWithOptions(&metadata.Options{
		Client: httpdriver.NewCredentialsClient(httpdriver.NewTransport(nil), tokenTimeout),
	})
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider:          auth.NewCachedTokenProvider(m, nil),
		ProjectIDProvider:      auth.CredentialsPropertyFunc(m.client.ProjectIDWithContext),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(m.universeDomain),
	})
}

// Token implements auth.TokenProvider.
func (m *metadataTokens) Token(ctx context.Context) (*auth.Token, error) {
	scopes := url.Values{"scopes": {strings.Join(m.scopes, ",")}}
	text, err := m.client.GetWithContext(
		ctx, "instance/service-accounts/default/token?"+scopes.Encode(),
	)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Value   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
		Type    string `json:"token_type"`
	}
	if json.Unmarshal([]byte(text), &answer) != nil || answer.Value == "" || answer.Seconds <= 0 {
		return nil, errors.New("an answer without a token")
	}
	return &auth.Token{
		Value: answer.Value, Type: answer.Type,
		Expiry: time.Now().Add(time.Duration(answer.Seconds) * time.Second),
		// What the SDK goes by.
		Metadata: map[string]any{
			"auth.google.tokenSource":    "compute-metadata",
			"auth.google.serviceAccount": "default",
		},
	}, nil
}

// universeDomain is the default one where the server knows no other.
func (m *metadataTokens) universeDomain(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.universe != "" {
		return m.universe, nil
	}
	domain, err := m.client.GetWithContext(ctx, "universe/universe-domain")
	var undefined metadata.NotDefinedError
	if errors.As(err, &undefined) {
		domain, err = defaultUniverse, nil
	}
	if err == nil {
		m.universe = domain
	}
	return domain, err
}
