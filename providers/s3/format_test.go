package s3

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = "secret-that-must-not-show"
	o := Options{
		AccessKeyID: "ID", SecretAccessKey: secret, SessionToken: secret, Endpoint: "http://u:" + secret + "@host?" + secret,
	}
	given := Options{Credentials: credentials.NewStaticCredentialsProvider("ID", secret, secret)}
	s := mustNew(t, "bucket", &Options{Region: "us-east-1", AccessKeyID: "ID", SecretAccessKey: secret, SessionToken: secret})
	printed := []any{o, &o, given, &given, s, struct{ O Options }{o}, struct{ S *Store }{s}, []Options{o}}
	for _, v := range printed {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(format, v)
			for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
				if strings.Contains(text, form) {
					t.Errorf("%s of %T: %s", format, v, text)
				}
			}
		}
	}
}
