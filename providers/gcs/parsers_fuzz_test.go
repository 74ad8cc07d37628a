package gcs

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/compute/metadata"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// A token of a copy is one of ours, or ErrInvalid.
func FuzzRewriteToken(f *testing.F) {
	for _, text := range [...]string{
		"", "x", driver.EncodeToken("t", "{}"), driver.EncodeToken("t", `{"Generation":"1"}`),
		driver.EncodeToken("t", "[]"), driver.EncodeToken("t", `{"Attributes":{"metadata":{}}}`),
		driver.EncodeToken("", "{"),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == "" {
			t.Skip()
		}
		w, err := new(Store).rewriting(t.Context(), "src", &storage.CopyOptions{Token: token})
		if (w == nil) == (err == nil) || err != nil && !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%q: %+v, %v", token, w, err)
		}
	})
}

// What the metadata server says is a token, or an error without it.
func FuzzMetadataToken(f *testing.F) {
	for _, text := range [...]string{
		`{"access_token":"t","expires_in":3600,"token_type":"Bearer"}`, `{"access_token":"secret"}`,
		`{"access_token":"secret","expires_in":-1}`, `{"access_token":1}`, "", "[]", "<html>",
		`{"access_token":"secret","expires_in":9223372036854775807}`,
	} {
		f.Add(200, []byte(text))
	}
	f.Add(404, []byte("secret"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 499 || status == http.StatusTooManyRequests {
			t.Skip() // what is not tried again
		}
		m := &metadataTokens{client: metadata.NewWithOptions(&metadata.Options{
			Client: &http.Client{Transport: saying(func(r *http.Request) *http.Response {
				return &http.Response{
					StatusCode: status, Request: r, Header: make(http.Header),
					Body: io.NopCloser(strings.NewReader(string(body))),
				}
			})},
		})}
		token, err := m.Token(t.Context())
		switch {
		case err == nil && (token.Value == "" || token.Expiry.IsZero()):
			t.Errorf("%d, %q: %+v", status, body, token)
		case err != nil && status == 200 && strings.Contains(string(body), "secret") &&
			strings.Contains(err.Error(), "secret"):
			t.Errorf("%d, %q: %v", status, body, err)
		}
	})
}

type saying func(*http.Request) *http.Response

func (s saying) RoundTrip(r *http.Request) (*http.Response, error) { return s(r), nil }

// A private key is one that signs, or an error that has nothing of it.
func FuzzPrivateKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("no PEM"))
	f.Add(signerPEM(f))
	f.Add(pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(signerKey()),
	}))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := parseKey(text)
		if err != nil {
			if len(text) > 20 && strings.Contains(err.Error(), string(text)) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if _, err := signKey(key, []byte("b")); err != nil && key.Validate() == nil {
			t.Errorf("a key that is one does not sign: %v", err)
		}
	})
}
