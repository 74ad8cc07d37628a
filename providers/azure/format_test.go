package azure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = "secret-that-must-not-show"
	o := Options{
		Key: secret, SASToken: secret, ConnectionString: secret, Credential: denying{errors.New(secret)},
		Endpoint: "http://u:" + secret + "@host?" + secret, Account: "x?" + secret,
	}
	signed := mustNew(t, "bucket", &Options{Account: "a", SASToken: "sv=1&sig=" + secret})
	keyed := mustNew(t, "bucket", &Options{Account: "a", Key: base64.StdEncoding.EncodeToString([]byte(secret))})
	printed := []any{o, &o, signed, keyed, struct{ O Options }{o}, struct{ S *Store }{signed}, []Options{o}}
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
