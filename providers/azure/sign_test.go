package azure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// delegationSecret is the value of the stub's user delegation keys.
const delegationSecret = "delegation-secret-that-must-not-show"

// keyService answers a request for a user delegation key as Azure does:
// https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key.
func keyService(w http.ResponseWriter, r *request) {
	if r.URL.Query().Get("comp") != "userdelegationkey" {
		answerOK(w, r)
		return
	}
	start, _ := between(string(r.body), "<Start>", "</Start>")
	expiry, _ := between(string(r.body), "<Expiry>", "</Expiry>")
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w, "<UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry>"+
		"<SignedService>b</SignedService><SignedVersion>2026-12-06</SignedVersion><Value>%s</Value></UserDelegationKey>",
		start, expiry, base64.StdEncoding.EncodeToString([]byte(delegationSecret)))
}

func between(s, a, b string) (string, bool) {
	_, rest, ok := strings.Cut(s, a)
	in, _, closed := strings.Cut(rest, b)
	return in, ok && closed
}

func entraStore(t *testing.T, answer func(http.ResponseWriter, *request)) (*Store, *stub) {
	t.Helper()
	cleanEnvironment(t)
	srv := newTLSStub(t, answer)
	return mustNew(t, "bucket", &Options{Account: stubAccount, Credential: stubCredential{}, HTTPClient: &http.Client{Transport: &to{stub: srv}}}), srv
}

// A URL that is signed with a user delegation key has the signature that Azure's documentation describes, field by field:
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#version-2020-12-06-and-later and the fields that
// later versions put in. Azurite refuses such signatures.
func TestUserDelegation(t *testing.T) {
	s, srv := entraStore(t, keyService)
	for _, test := range []struct {
		name                                        string
		opts                                        storage.SignOptions
		permissions, resource, snapshot, rscd, rsct string
	}{
		{"get", storage.SignOptions{}, "r", "b", "", "", ""},
		{"get with headers", storage.SignOptions{ResponseContentType: "text/x", ResponseDisposition: "inline"}, "r", "b", "", "inline", "text/x"},
		{"get of a version", storage.SignOptions{VersionID: "2026-11-23T07:00:00.0000000Z"}, "r", "bv", "2026-11-23T07:00:00.0000000Z", "", ""},
		{"put", storage.SignOptions{Method: "PUT"}, "cw", "b", "", "", ""},
		{"put if absent", storage.SignOptions{Method: "PUT", IfAbsent: true}, "c", "b", "", "", ""},
		{"delete", storage.SignOptions{Method: "DELETE"}, "d", "b", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed, err := s.SignURL(t.Context(), "a b/ü", &test.opts)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(signed.URL)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Scheme + "://" + u.Host + u.EscapedPath(); got != "https://myaccount.blob.core.windows.net/bucket/a%20b%2F%C3%BC" {
				t.Errorf("URL %s", got)
			}
			q := u.Query()
			if q.Get("versionid") != test.opts.VersionID {
				t.Errorf("versionid %q", q.Get("versionid"))
			}
			toSign := strings.Join([]string{
				test.permissions, "", q.Get("se"), "/blob/myaccount/bucket/a b/ü",
				"oid", "tid", q.Get("skt"), q.Get("ske"), "b", "2026-12-06",
				"", "", "", // authorised and unauthorised object ID, correlation ID
				"", "", // delegated tenant and user
				"", "https", q.Get("sv"), test.resource, test.snapshot,
				"",     // encryption scope
				"", "", // signed headers and query parameters
				"", test.rscd, "", "", test.rsct,
			}, "\n")
			mac := hmac.New(sha256.New, []byte(delegationSecret))
			io.WriteString(mac, toSign)
			if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); q.Get("sig") != want {
				t.Errorf("signature %q, want %q over %q", q.Get("sig"), want, toSign)
			}
			expiry, err := time.Parse(time.RFC3339, q.Get("se"))
			if err != nil || expiry.Sub(signed.Expires).Abs() > time.Second {
				t.Errorf("se %q, Expires %v", q.Get("se"), signed.Expires)
			}
		})
	}
	r := srv.seen()
	if len(r) != 1 || r[0].header("Authorization") != "Bearer "+stubToken {
		t.Errorf("%d requests for a key, want 1: it serves many signatures", len(r))
	}
}

// A refused key is the error of SignURL.
func TestUserDelegationRefused(t *testing.T) {
	s, _ := entraStore(t, func(w http.ResponseWriter, _ *request) { refuse(w, 403, "AuthorizationPermissionMismatch") })
	_, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
	wantError(t, "SignURL", err, storage.ErrPermission, false)
}

func TestSignOptions(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	for _, test := range []struct {
		name string
		opts storage.SignOptions
		kind error
	}{
		{"ContentType", storage.SignOptions{Method: "PUT", ContentType: "text/plain"}, errors.ErrUnsupported},
		{"ContentLength", storage.SignOptions{Method: "PUT", ContentLength: 5}, errors.ErrUnsupported},
		{"method", storage.SignOptions{Method: "POST"}, storage.ErrInvalid},
		{"IfAbsent of a GET", storage.SignOptions{IfAbsent: true}, storage.ErrInvalid},
		{"VersionID of a PUT", storage.SignOptions{Method: "PUT", VersionID: "x"}, storage.ErrInvalid},
		{"too long", storage.SignOptions{Expires: 8 * 24 * time.Hour}, storage.ErrInvalid},
		{"negative", storage.SignOptions{Expires: -time.Second}, storage.ErrInvalid},
	} {
		_, err := s.SignURL(t.Context(), "k", &test.opts)
		wantError(t, test.name, err, test.kind, false)
	}
	for name, o := range map[string]*Options{"anonymous": {Anonymous: true}, "sas": {SASToken: stubSAS}, "Entra ID at another host": {Credential: stubCredential{}}} {
		o.Endpoint = srv.URL + "/" + stubAccount
		_, err := mustNew(t, "bucket", o).SignURL(t.Context(), "k", &storage.SignOptions{})
		wantError(t, name, err, errors.ErrUnsupported, false)
	}
	u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Method: "PUT", Metadata: map[string]string{"a-b": "ü"}})
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header(u.Header)
	if h.Get("X-Ms-Blob-Type") != "BlockBlob" || h.Get("X-Ms-Meta-A_2d_b") != storage.EncodeMetadataValue("ü") {
		t.Errorf("Header %v", h)
	}
	if strings.Contains(fmt.Sprint(u), "sig=") {
		t.Error("the signed URL shows itself")
	}
	if n := len(srv.seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}
