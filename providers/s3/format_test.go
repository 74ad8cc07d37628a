package s3

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/polystore/storage/internal/secrets"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = secrets.Secret
	o := Options{
		AccessKeyID: "ID", SecretAccessKey: secret, SessionToken: secret, Endpoint: "http://u:" +
			secret + "@host?" + secret,
	}
	given := Options{Credentials: credentials.NewStaticCredentialsProvider("ID", secret, secret)}
	s := mustNew(t, "bucket", &Options{Region: "us-east-1", AccessKeyID: "ID",
		SecretAccessKey: secret, SessionToken: secret})
	secrets.Printed(t, o, &o, given, &given, s, struct{ O Options }{o}, struct{ S *Store }{s},
		[]Options{o})
}

// JSON, which log handlers write, shows no more than a print does.
func TestEncoded(t *testing.T) {
	secrets.Encoded(t, &Options{Credentials: &speaking{secrets.Secret}},
		"Region", "Provider", "Profile", "SSE", "KMSKeyID")
}

// speaking are credentials that show their secret to every encoder.
type speaking struct{ Secret string }

func (s *speaking) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "ID", SecretAccessKey: s.Secret}, nil
}
