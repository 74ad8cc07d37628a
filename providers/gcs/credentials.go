package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// tokenTimeout bounds a request for a token. Tokens come in milliseconds where there are any; where
// there are none, that must not take long to notice: the client of the metadata server repeats its
// requests for minutes.
const tokenTimeout = 4 * time.Second

// credentialsError is a failure to get credentials, as opposed to one of the request that needs
// them.
type credentialsError struct {
	err     error
	outside bool // whoever gives tokens could not be reached, or is in trouble
}

func (e *credentialsError) Error() string { return "no credentials: " + driver.PlainText(e.err) }
func (e *credentialsError) Unwrap() error { return e.err }

// findCredentials returns those of the options, else the default ones, with requests for tokens
// that are bounded and fail by name.
func findCredentials(o *Options) (*auth.Credentials, error) {
	found := o.Credentials
	// signBlob needs the second scope.
	detect := &credentials.DetectOptions{
		Scopes: []string{gcloud.ScopeFullControl, "https://www.googleapis.com/auth/cloud-platform"},
	}
	var err error
	switch {
	case found != nil:
	case o.CredentialsFile != "":
		found, err = credentialsFrom(o.CredentialsFile, detect)
		if err != nil {
			return nil, driver.Invalidf("CredentialsFile: %w", err)
		}
	default:
		found, err = credentials.DetectDefault(detect)
		switch {
		case err != nil && os.Getenv("GOOGLE_APPLICATION_CREDENTIALS") != "":
			return nil, driver.Invalidf("GOOGLE_APPLICATION_CREDENTIALS: %w", err)
		case err != nil:
			return nil, &storage.Error{Kind: storage.ErrPermission, Err: &credentialsError{err: err}}
		}
	}
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider:          bounded{found, o.Credentials == nil && len(found.JSON()) == 0},
		JSON:                   found.JSON(),
		ProjectIDProvider:      auth.CredentialsPropertyFunc(found.ProjectID),
		QuotaProjectIDProvider: auth.CredentialsPropertyFunc(found.QuotaProjectID),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(found.UniverseDomain),
	}), nil
}

// credentialsFrom reads a file of any type: it is the caller's own.
func credentialsFrom(file string, detect *credentials.DetectOptions) (*auth.Credentials, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var head struct {
		Type credentials.CredType `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, err
	}
	return credentials.NewCredentialsFromJSON(head.Type, b, detect)
}

// bounded gives up on a token after tokenTimeout.
type bounded struct {
	provider auth.TokenProvider
	// the metadata server gives them, if there is one: where it does not answer, this is no machine of
	// Google's
	machine bool
}

func (b bounded) Token(ctx context.Context) (*auth.Token, error) {
	within, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	t, err := b.provider.Token(within)
	if err != nil {
		var refused *auth.Error
		var unreached *url.Error
		outside := !b.machine && (errors.As(err, &unreached) || within.Err() != nil)
		return nil, &credentialsError{err, outside || errors.As(err, &refused) && refused.Temporary()}
	}
	return t, nil
}
