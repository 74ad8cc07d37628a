package gcs

import (
	"testing"

	"github.com/polystore/storage/internal/secrets"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = secrets.Secret
	o := Options{
		AccessID: "a", PrivateKey: []byte(secret), Credentials: withToken(secret),
		Endpoint: "http://u:" + secret + "@host?" + secret,
	}
	s := mustNew(t, "bucket", &Options{Endpoint: "http://127.0.0.1:1",
		Credentials: withToken(secret)})
	s.sessions.add(&session{key: "k", target: secret})
	secrets.Printed(t, o, &o, s, struct{ O Options }{o}, struct{ S *Store }{s}, []Options{o})
}

// JSON, which log handlers write, shows no more than a print does.
func TestEncoded(t *testing.T) {
	secrets.Encoded(t, &Options{Credentials: withToken(secrets.Secret)},
		"CredentialsFile", "UserProject", "UniverseDomain", "AccessID")
}
