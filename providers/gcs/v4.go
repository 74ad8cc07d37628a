package gcs

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const signAlgorithm = "GOOG4-RSA-SHA256"

// toSign is a request that a V4 signature is made for:
// https://cloud.google.com/storage/docs/authentication/canonical-requests. The SDK's signature is
// not used: it leaves the port out of the host, and looks at the clock by itself.
type toSign struct {
	method  string
	url     string // without a query
	query   url.Values
	header  http.Header
	account string
	at      time.Time
	seconds int64 // that it is good for
}

// sign returns the URL with its signature, which signs makes of the string to sign.
func (t *toSign) sign(
	ctx context.Context, signs func(context.Context, []byte) ([]byte, error),
) (string, error) {
	u, err := url.Parse(t.url)
	if err != nil {
		return "", err
	}
	at := t.at.UTC().Format("20060102T150405Z")
	scope := at[:8] + "/auto/storage/goog4_request"
	headers := map[string]string{"host": u.Host}
	for name, v := range t.header {
		headers[strings.ToLower(name)] = strings.Join(strings.Fields(v[0]), " ")
	}
	names := slices.Sorted(maps.Keys(headers))
	var canonical strings.Builder
	for _, name := range names {
		canonical.WriteString(name + ":" + headers[name] + "\n")
	}
	q := maps.Clone(t.query)
	q.Set("X-Goog-Algorithm", signAlgorithm)
	q.Set("X-Goog-Credential", t.account+"/"+scope)
	q.Set("X-Goog-Date", at)
	q.Set("X-Goog-Expires", strconv.FormatInt(t.seconds, 10))
	q.Set("X-Goog-SignedHeaders", strings.Join(names, ";"))
	query := strings.ReplaceAll(q.Encode(), "+", "%20") // sorted; a plus itself is %2B
	// A slash is signed as it is, also where the URL has it escaped.
	path := strings.ReplaceAll(u.EscapedPath(), "%2F", "/")
	request := sha256.Sum256([]byte(strings.Join([]string{
		t.method, path, query, canonical.String(), strings.Join(names, ";"),
		"UNSIGNED-PAYLOAD",
	}, "\n")))
	sum, err := signs(
		ctx,
		[]byte(strings.Join(
			[]string{signAlgorithm, at, scope, hex.EncodeToString(request[:])}, "\n",
		)),
	)
	if err != nil {
		return "", err
	}
	return t.url + "?" + query + "&X-Goog-Signature=" + hex.EncodeToString(sum), nil
}

// parseKey reads a private key in PEM, as a service account's file has it.
func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no private key in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("no private key in PKCS #8 or PKCS #1")
	}
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("the private key is not an RSA one")
}

// signKey signs b with key.
func signKey(key *rsa.PrivateKey, b []byte) ([]byte, error) {
	sum := sha256.Sum256(b)
	return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
}
