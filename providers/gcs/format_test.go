package gcs

import (
	"fmt"
	"strings"
	"testing"
)

// However options and Stores are printed, their secrets are not.
func TestPrinted(t *testing.T) {
	const secret = "secret-that-must-not-show"
	o := Options{
		AccessID: "a", PrivateKey: []byte(secret), Credentials: withToken(secret), Endpoint: "http://u:" + secret + "@host?" + secret,
	}
	s := mustNew(t, "bucket", &Options{Endpoint: "http://127.0.0.1:1", Credentials: withToken(secret)})
	s.sessions.add(&session{key: "k", target: secret})
	printed := []any{o, &o, s, struct{ O Options }{o}, struct{ S *Store }{s}, []Options{o}}
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
