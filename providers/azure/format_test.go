package azure

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage/internal/secrets"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = secrets.Secret
	o := Options{
		Key: secret, SASToken: secret, ConnectionString: secret,
		Credential: denying{errors.New(secret)},
		Endpoint:   "http://u:" + secret + "@host?" + secret, Account: "x?" + secret,
	}
	signed := mustNew(t, "bucket", &Options{Account: "a", SASToken: "sv=1&sig=" + secret})
	keyed := mustNew(t, "bucket", &Options{Account: "a",
		Key: base64.StdEncoding.EncodeToString([]byte(secret))})
	secrets.Printed(t, o, &o, signed, keyed, struct{ O Options }{o}, struct{ S *Store }{signed},
		[]Options{o})
}

// JSON, which log handlers write, shows no more than a print does.
func TestEncoded(t *testing.T) {
	secrets.Encoded(t, &Options{Credential: &speaking{Secret: secrets.Secret}},
		"Protocol", "APIVersion")
}

// speaking is a credential that shows its secret to every encoder.
type speaking struct {
	azcore.TokenCredential
	Secret string
}
