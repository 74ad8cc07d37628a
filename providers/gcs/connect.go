package gcs

import (
	"context"
	"net/http"
	"os"

	gcloud "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

const (
	defaultUniverse = "googleapis.com"
	userAgent       = "polystore-storage"
)

// connect makes the one client, which authenticates, and gives it to the SDK, too.
func (s *Store) connect(ctx context.Context, o *Options) error {
	anonymous, err := s.choose(o)
	if err != nil {
		return err
	}
	waiters := new(httpdriver.Waiters)
	auth := []option.ClientOption{option.WithoutAuthentication()}
	if !anonymous {
		credentials, err := findCredentials(o, waiters)
		if err != nil {
			return err
		}
		if s.signer, err = signerOf(o, credentials.JSON()); err != nil {
			return err
		}
		auth = []option.ClientOption{option.WithAuthCredentials(credentials)}
	} else if o.PrivateKey != nil {
		if s.signer, err = signerOf(o, nil); err != nil {
			return err
		}
	}
	s.iam = "https://iamcredentials." + universeOf(o)
	universe := option.WithUniverseDomain(universeOf(o))
	extra := append([]option.ClientOption{universe, option.WithTelemetryDisabled()}, auth...)
	if o.UserProject != "" {
		extra = append(extra, option.WithQuotaProject(o.UserProject))
	}
	transport, err := htransport.NewTransport(ctx, s.transport(o), extra...)
	if err != nil {
		return &storage.Error{
			Kind: storage.ErrInvalid,
			Err:  driver.NewCause("connecting: "+driver.PlainText(err), err),
		}
	}
	// The service sends nobody elsewhere, and what would follow has the token.
	s.http = &http.Client{
		Transport:     &httpdriver.AwaitTransport{Base: transport, Waiters: waiters},
		CheckRedirect: httpdriver.NoRedirect,
	}
	if o.HTTPClient != nil {
		s.http.Timeout = o.HTTPClient.Timeout
	}
	// The credentials are for what the SDK does without a transport (SignedURL), and keep it from
	// looking for others.
	s.client, err = gcloud.NewClient(
		ctx,
		append(
			auth,
			universe,
			option.WithHTTPClient(s.http),
			option.WithEndpoint(s.endpoint+"/storage/v1/"),
		)...,
	)
	if err != nil {
		return &storage.Error{
			Kind: storage.ErrInvalid,
			Err:  driver.NewCause("connecting: "+driver.PlainText(err), err),
		}
	}
	return nil
}

// choose finds the endpoint, and says whether it gets no credentials.
func (s *Store) choose(o *Options) (anonymous bool, err error) {
	s.emulator = o.Emulator
	switch host := os.Getenv("STORAGE_EMULATOR_HOST"); {
	case o.Endpoint != "":
		s.endpoint, err = parseEndpoint("Endpoint", o.Endpoint, "https")
	case host != "":
		s.emulator = true
		anonymous = o.Credentials == nil && o.CredentialsFile == ""
		s.endpoint, err = parseEndpoint("STORAGE_EMULATOR_HOST", host, "http")
	default:
		s.endpoint, err = parseEndpoint("UniverseDomain", "https://storage."+universeOf(o), "https")
	}
	return anonymous || o.Anonymous, err
}

func universeOf(o *Options) string {
	if o.UniverseDomain != "" {
		return o.UniverseDomain
	}
	if d := os.Getenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN"); d != "" {
		return d
	}
	return defaultUniverse
}

// transport is the caller's or one of the Store's own.
func (s *Store) transport(o *Options) http.RoundTripper {
	if o.HTTPClient != nil {
		return &httpdriver.Transport{Base: o.HTTPClient.Transport}
	}
	t := httpdriver.NewTransport(nil)
	s.closeIdle = t.CloseIdleConnections
	return &httpdriver.Transport{Base: t}
}
