package gcs

import (
	"encoding/json"
	"os"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// tokenTimeout is how long nothing may come of a request for a token. Tokens come in milliseconds
// where there are any; where there are none, that must not take long to notice: the client of the
// metadata server repeats its requests for minutes.
const tokenTimeout = 4 * time.Second

// findCredentials returns those of the options, else the default ones, with requests for tokens
// that are bounded and fail by name.
func findCredentials(o *Options, waiters *httpdriver.Waiters) (*auth.Credentials, error) {
	found := o.Credentials
	detect := &credentials.DetectOptions{
		Scopes: []string{
			gcloud.ScopeFullControl,
			"https://www.googleapis.com/auth/cloud-platform", // for signBlob
		},
		Client: httpdriver.NewCredentialsClient(httpdriver.NewTransport(nil), tokenTimeout),
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
			source := new(httpdriver.CredentialSource)
			none := source.Fail("the environment", 0, driver.PlainText(err), err)
			return nil, &storage.Error{Kind: none.Kind, Err: none}
		case len(found.JSON()) == 0:
			found = metadataCredentials(detect.Scopes)
		}
	}
	from := newTokens(found, o.Credentials != nil, waiters)
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider:          from,
		JSON:                   found.JSON(),
		ProjectIDProvider:      auth.CredentialsPropertyFunc(found.ProjectID),
		QuotaProjectIDProvider: auth.CredentialsPropertyFunc(found.QuotaProjectID),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(from.universeDomain),
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
