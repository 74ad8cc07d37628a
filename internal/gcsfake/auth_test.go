package gcsfake_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"

	"github.com/polystore/storage/internal/gcsfake"
)

func TestTokens(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"},
		Tokens: map[string]bool{"good": true, "poor": false}})
	const jsonPath, xmlPath = "/storage/v1/b/bucket/o/k", "/bucket/k"
	for _, test := range []struct {
		path, authorization string
		status              int
		reason              string
	}{
		{jsonPath, "Bearer good", 404, "notFound"},
		{jsonPath, "", 401, "required"},
		{jsonPath, "Bearer bad", 401, "authError"},
		{jsonPath, "Bearer poor", 403, "forbidden"},
		{xmlPath, "Bearer good", 404, "NoSuchKey"},
		{xmlPath, "", 403, "AccessDenied"},
		{xmlPath, "Bearer bad", 401, "AuthenticationRequired"},
		{xmlPath, "Bearer poor", 403, "AccessDenied"},
	} {
		c := call{method: "GET", path: test.path, header: map[string]string{}}
		if test.authorization != "" {
			c.header["Authorization"] = test.authorization
		}
		if got := c.do(t, s.URL); got.Status != test.status || got.reason() != test.reason {
			t.Errorf("%s with %q: %d %s, want %d %s", test.path, test.authorization, got.Status,
				got.Body, test.status, test.reason)
		}
	}
	// A session needs no credentials once it has begun; without one, nothing does.
	start := call{method: "POST", path: "/upload/storage/v1/b/bucket/o?uploadType=resumable&name=k",
		header: map[string]string{"Authorization": "Bearer good"}}
	uri := start.do(t, s.URL).Header.Get("Location")
	if got := send(t, uri, "", "hello"); got.Status != 200 {
		t.Errorf("a session without credentials: %d %s", got.Status, got.Body)
	}
	if got := send(t, s.URL+"/upload/storage/v1/b/bucket/o?upload_id=x", "",
		"hello"); got.Status != 401 {
		t.Errorf("an unknown session without credentials: %d %s", got.Status, got.Body)
	}
}

// signer is a service account.
type signer struct {
	key   *rsa.PrivateKey
	email string
}

func (s *signer) url(
	t *testing.T, server *gcsfake.Server, bucket, object string, o storage.SignedURLOptions,
) string {
	t.Helper()
	der := x509.MarshalPKCS1PrivateKey(s.key)
	o.GoogleAccessID, o.PrivateKey = s.email, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
		Bytes: der})
	o.Scheme, o.Insecure, o.Hostname = storage.SigningSchemeV4, true, strings.TrimPrefix(server.URL,
		"http://")
	if o.Expires.IsZero() {
		o.Expires = time.Now().Add(time.Minute)
	}
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	u, err := storage.SignedURL(bucket, object, &o)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSignedURLs(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var ahead time.Duration
	s := gcsfake.Start(t, gcsfake.Options{
		Buckets: []string{"bucket"}, Tokens: map[string]bool{"t": true},
		Signers: map[string]*rsa.PublicKey{"me@x": &key.PublicKey},
		Now:     func() time.Time { return time.Now().Add(ahead) },
	})
	me := &signer{key: key, email: "me@x"}
	const name = "dir/a b+ü~%2F"
	check := func(what string, got answer, status int, code string) {
		t.Helper()
		if got.Status != status || got.reason() != code {
			t.Errorf("%s: %d %s, want %d %s", what, got.Status, got.Body, status, code)
		}
	}
	putURL := me.url(t, s, "bucket", name, storage.SignedURLOptions{Method: "PUT",
		ContentType: "text/x", Headers: []string{"x-goog-meta-a:b  c",
			"x-goog-if-generation-match:0"}})
	signed := map[string]string{"Content-Type": "text/x", "X-Goog-Meta-A": "b  c",
		"X-Goog-If-Generation-Match": "0"}
	check("put with another type", call{"PUT", putURL, map[string]string{"Content-Type": "text/y",
		"X-Goog-Meta-A": "b  c", "X-Goog-If-Generation-Match": "0"}, "x"}.do(t, ""),
		403, "SignatureDoesNotMatch")
	check("put without a signed header",
		call{"PUT", putURL, map[string]string{"Content-Type": "text/x"}, "x"}.do(t, ""), 400,
		"MalformedSecurityHeader")
	check("put", call{"PUT", putURL, signed, "hello"}.do(t, ""), 200, "")
	check("put again", call{"PUT", putURL, signed, "hello"}.do(t, ""), 412, "PreconditionFailed")
	signed["X-Goog-Storage-Class"] = "NEARLINE"
	check("put with a header that is not signed", call{"PUT", putURL, signed, "hello"}.do(t, ""),
		400, "MalformedSecurityHeader")

	query := url.Values{"response-content-disposition": {`attachment; filename="ä b"`},
		"response-content-type": {"text/plain"}}
	getURL := me.url(t, s, "bucket", name, storage.SignedURLOptions{Method: "GET",
		QueryParameters: query})
	got := call{method: "GET", path: getURL}.do(t, "")
	check("get", got, 200, "")
	if got.Body != "hello" ||
		got.Header.Get("Content-Disposition") != query.Get("response-content-disposition") ||
		got.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("get: %q %v", got.Body, got.Header)
	}
	check("another method", call{method: "DELETE", path: getURL}.do(t, ""), 403,
		"SignatureDoesNotMatch")
	check("another object", call{method: "GET", path: strings.Replace(getURL, "/dir/", "/other/",
		1)}.do(t, ""), 403, "SignatureDoesNotMatch")
	check("another query", call{method: "GET", path: strings.Replace(getURL, "attachment", "inline",
		1)}.do(t, ""), 403, "SignatureDoesNotMatch")
	check("a longer life", call{method: "GET", path: getURL + "&X-Goog-Expires=9999"}.do(t, ""),
		403, "SignatureDoesNotMatch")
	stranger := &signer{key: key, email: "you@x"}
	check("an unknown account", call{method: "GET", path: stranger.url(t, s, "bucket", name,
		storage.SignedURLOptions{Method: "GET"})}.do(t, ""), 403, "InvalidAccessKeyId")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged := &signer{key: other, email: "me@x"}
	check("another key", call{method: "GET", path: forged.url(t, s, "bucket", name,
		storage.SignedURLOptions{Method: "GET"})}.do(t, ""), 403, "SignatureDoesNotMatch")

	check("a URL for the JSON API", call{method: "GET", path: strings.Replace(getURL, "/bucket/",
		"/storage/v1/b/bucket/o/", 1)}.do(t, ""), 403, "forbidden")
	postURL := me.url(t, s, "bucket", name, storage.SignedURLOptions{Method: "POST",
		QueryParameters: url.Values{"uploads": {""}}})
	check("a POST that begins no session", call{method: "POST", path: postURL}.do(t, ""), 403,
		"AccessDenied")
	postURL = me.url(t, s, "bucket", name, storage.SignedURLOptions{Method: "POST",
		Headers: []string{"x-goog-resumable:start"}})
	check("a POST that begins one", call{method: "POST", path: postURL,
		header: map[string]string{"X-Goog-Resumable": "start"}}.do(t, ""), 201, "")

	ahead = 2 * time.Minute
	check("too late", call{method: "GET", path: getURL}.do(t, ""), 400, "ExpiredToken")
	ahead = -time.Hour
	check("too early", call{method: "GET", path: getURL}.do(t, ""), 403, "RequestTimeTooSkewed")
}

// A header signed with an HMAC key, written down independently.
func TestHMACSignature(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"},
		Tokens: map[string]bool{"t": true}, HMACSecrets: map[string]string{"GOOG1": "secret"}})
	host := strings.TrimPrefix(s.URL, "http://")
	now := time.Now().UTC()
	date, day := now.Format("20060102T150405Z"), now.Format("20060102")
	sign := func(secret, method, path, query string) string {
		canonical := fmt.Sprintf(
			"%s\n%s\n%s\nhost:%s\nx-goog-date:%s\n\nhost;x-goog-date\nUNSIGNED-PAYLOAD",
			method, path, query, host, date)
		sum := sha256.Sum256([]byte(canonical))
		text := fmt.Sprintf("GOOG4-HMAC-SHA256\n%s\n%s/auto/storage/goog4_request\n%x", date, day,
			sum)
		mac := func(key []byte, v string) []byte {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(v))
			return h.Sum(nil)
		}
		k := mac(mac(mac(mac([]byte("GOOG4"+secret), day), "auto"), "storage"), "goog4_request")
		return hex.EncodeToString(mac(k, text))
	}
	const signed, sent = "generation=1&response-content-type=a%20%2F",
		"response-content-type=a%20/&generation=1"
	for _, test := range []struct {
		signature, sent string
		want            int
	}{
		{sign("secret", "GET", "/bucket/a%20b", signed), sent, http.StatusNotFound},
		{sign("other", "GET", "/bucket/a%20b", signed), sent, http.StatusForbidden},
		{sign("secret", "PUT", "/bucket/a%20b", signed), sent, http.StatusForbidden},
		// In the order of names, which is not that of the pairs; only whoever signed is told that
		// the parameters are not known.
		{sign("secret", "GET", "/bucket/a%20b", "x=1&x=2&x-y=3"), "x=2&x-y=3&x=1",
			http.StatusNotImplemented},
		{sign("secret", "GET", "/bucket/a%20b", "x-y=3&x=1&x=2"), "x=2&x-y=3&x=1",
			http.StatusForbidden},
		{"zz", sent, http.StatusForbidden},
	} {
		got := call{method: "GET", path: "/bucket/a%20b?" + test.sent,
			header: map[string]string{"X-Goog-Date": date, "Authorization": fmt.Sprintf(
				"GOOG4-HMAC-SHA256 Credential=GOOG1/%s/auto/storage/goog4_request, "+
					"SignedHeaders=host;x-goog-date, Signature=%s", day, test.signature)}}.do(t,
			s.URL)
		if got.Status != test.want {
			t.Errorf("signature %s: %d %s, want %d", test.signature, got.Status, got.Body,
				test.want)
		}
	}
}
