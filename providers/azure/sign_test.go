package azure

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/bubble"
	"github.com/polystore/storage/internal/stub"
)

// delegationSecret is the value of the stub's user delegation keys.
const delegationSecret = "delegation-secret-that-must-not-show"

// keyService answers a request for a user delegation key as Azure does:
// https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key.
func keyService(w http.ResponseWriter, r *stub.Request) {
	if r.URL.Query().Get("comp") != "userdelegationkey" {
		answerOK(w, r)
		return
	}
	start, _ := between(string(r.Body), "<Start>", "</Start>")
	expiry, _ := between(string(r.Body), "<Expiry>", "</Expiry>")
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w,
		"<UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry>"+
			"<SignedService>b</SignedService><SignedVersion>2026-12-06</SignedVersion><Value>%s</Value></UserDelegationKey>",
		start, expiry, base64.StdEncoding.EncodeToString([]byte(delegationSecret)))
}

func between(s, a, b string) (string, bool) {
	_, rest, ok := strings.Cut(s, a)
	in, _, closed := strings.Cut(rest, b)
	return in, ok && closed
}

func entraStore(t *testing.T, answer func(http.ResponseWriter, *stub.Request)) (*Store, *server) {
	t.Helper()
	cleanEnvironment(t)
	srv := newTLSStub(t, answer)
	return mustNew(t, "bucket", &Options{Account: stubAccount, Credential: stubCredential{},
		HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}}), srv
}

// A URL that is signed with a user delegation key has the signature that Azure's documentation
// describes, field by field:
// https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#version-2020-12-06-and-later
// and the fields that later versions put in. Azurite refuses such signatures.
func TestUserDelegation(t *testing.T) {
	s, srv := entraStore(t, keyService)
	for _, test := range []struct {
		name                                        string
		opts                                        storage.SignOptions
		permissions, resource, snapshot, rscd, rsct string
	}{
		{"get", storage.SignOptions{}, "r", "b", "", "", ""},
		{"get with headers", storage.SignOptions{ResponseContentType: "text/x",
			ResponseDisposition: "inline"}, "r", "b", "", "inline", "text/x"},
		{"get of a version", storage.SignOptions{VersionID: "2026-11-23T07:00:00.0000000Z"}, "r",
			"bv", "2026-11-23T07:00:00.0000000Z", "", ""},
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
			if got := u.Scheme +
				"://" + u.Host +
				u.EscapedPath(); got != "https://myaccount.blob.core.windows.net/bucket/a%20b%2F%C3%BC" {
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
	r := srv.Seen()
	if len(r) != 1 || r[0].Header.Get("Authorization") != "Bearer "+stubToken {
		t.Errorf("%d requests for a key, want 1: it serves many signatures", len(r))
	}
}

// A refused key is the error of SignURL.
func TestUserDelegationRefused(t *testing.T) {
	s, _ := entraStore(t, func(w http.ResponseWriter, _ *stub.Request) {
		refuse(w, 403,
			"AuthorizationPermissionMismatch")
	})
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
		{"ContentType", storage.SignOptions{Method: "PUT", ContentType: "text/plain"},
			errors.ErrUnsupported},
		{"ContentLength", storage.SignOptions{Method: "PUT", ContentLength: 5},
			errors.ErrUnsupported},
		{"method", storage.SignOptions{Method: "POST"}, storage.ErrInvalid},
		{"IfAbsent of a GET", storage.SignOptions{IfAbsent: true}, storage.ErrInvalid},
		{"VersionID of a PUT", storage.SignOptions{Method: "PUT", VersionID: "x"},
			storage.ErrInvalid},
		{"too long", storage.SignOptions{Expires: 8 * 24 * time.Hour}, storage.ErrInvalid},
		{"negative", storage.SignOptions{Expires: -time.Second}, storage.ErrInvalid},
	} {
		_, err := s.SignURL(t.Context(), "k", &test.opts)
		wantError(t, test.name, err, test.kind, false)
	}
	for name, o := range map[string]*Options{"anonymous": {Anonymous: true},
		"sas": {SASToken: stubSAS}, "Entra ID at another host": {Credential: stubCredential{}}} {
		o.Endpoint = srv.URL + "/" + stubAccount
		_, err := mustNew(t, "bucket", o).SignURL(t.Context(), "k", &storage.SignOptions{})
		wantError(t, name, err, errors.ErrUnsupported, false)
	}
	u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Method: "PUT",
		Metadata: map[string]string{"a-b": "ü"}})
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header(u.Header)
	if h.Get("X-Ms-Blob-Type") != "BlockBlob" ||
		h.Get("X-Ms-Meta-A_2d_b") != storage.EncodeMetadataValue("ü") {
		t.Errorf("Header %v", h)
	}
	if strings.Contains(fmt.Sprint(u), "sig=") {
		t.Error("the signed URL shows itself")
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A key that lacks anything signs nothing.
func TestDelegationKeyIncomplete(t *testing.T) {
	for _, body := range []string{"", "<UserDelegationKey></UserDelegationKey>",
		"<UserDelegationKey><SignedOid>oid</SignedOid></UserDelegationKey>", "<html/>"} {
		s, _ := entraStore(t, func(w http.ResponseWriter, _ *stub.Request) {
			io.WriteString(w,
				body)
		})
		_, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
		wantError(t, fmt.Sprintf("SignURL, %q", body), err, storage.ErrUnavailable, false)
	}
}

// A key begins and ends where a service takes it whose clock is behind by clockSkew, ends later
// only for a signature that asks for it, and serves all signatures that end no later than it does.
func TestDelegationKeyTimes(t *testing.T) {
	cleanEnvironment(t)
	synctest.Test(t, func(t *testing.T) {
		var keys []string // their beginning and end, since the start
		start := time.Now().UTC()
		since := func(body, name string) time.Duration {
			text, _ := between(body, "<"+name+">", "</"+name+">")
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Error(err)
			}
			return at.Sub(start)
		}
		transport := bubble.Serve(t, http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				keys = append(keys, fmt.Sprint(since(string(body), "Start"), " to ",
					since(string(body), "Expiry")))
				keyService(w, &stub.Request{Request: r, Body: body})
			},
		))
		s := mustNew(t, "bucket", &Options{
			Account: stubAccount, Credential: stubCredential{},
			HTTPClient: &http.Client{Transport: transport},
		})
		sign := func(at, expires time.Duration, want ...string) {
			t.Helper()
			time.Sleep(at - time.Since(start))
			keys = nil
			u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Expires: expires})
			if err != nil || !u.Expires.Equal(start.Add(at+expires)) {
				t.Errorf("SignURL at %v for %v: until %v, %v", at, expires, u.Expires, err)
			}
			if !slices.Equal(keys, want) {
				t.Errorf("at %v for %v: a key for %v, want %v", at, expires, keys, want)
			}
		}
		const week = driver.MaxExpiry
		key := func(from, to time.Duration) string { return fmt.Sprint(from, " to ", to) }
		sign(0, time.Minute, key(-clockSkew, week-clockSkew))
		sign(time.Hour, time.Minute)
		sign(time.Hour, week-clockSkew-time.Hour)
		sign(time.Hour, week, key(time.Hour-clockSkew, week+time.Hour))
		last := week + time.Hour - time.Minute
		sign(last, time.Minute)
		sign(last, time.Minute+time.Second, key(last-clockSkew, last+week-clockSkew))
	})
}

// Those who sign at the same time share one key.
func TestDelegationKeyShared(t *testing.T) {
	const signers = 8
	var ready sync.WaitGroup
	ready.Add(signers)
	s, srv := entraStore(t, func(w http.ResponseWriter, r *stub.Request) {
		ready.Wait()
		keyService(w, r)
	})
	var wg sync.WaitGroup
	for range signers {
		wg.Go(func() {
			ready.Done()
			if _, err := s.SignURL(t.Context(), "k", &storage.SignOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(srv.Seen()); n != 1 {
		t.Errorf("%d requests for keys, want 1", n)
	}
}

// Who waits for another's request does not wait longer than the own context lasts.
func TestDelegationKeyContext(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	s, _ := entraStore(t, func(w http.ResponseWriter, r *stub.Request) {
		close(asked)
		<-answer
		keyService(w, r)
	})
	done := make(chan error)
	go func() {
		_, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
		done <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.SignURL(ctx, "k", &storage.SignOptions{})
	if e := wantError(t, "SignURL", err, nil, false); e.Err != context.Canceled {
		t.Errorf("Err %v", e.Err)
	}
	close(answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A signature of a version that the service does not know is as good as none.
func TestSignatureVersion(t *testing.T) {
	srv := newStub(t, answerOK)
	o := srv.options()
	o.APIVersion = "2025-11-05"
	s := mustNew(t, "bucket", o)
	signed, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(signed.URL); err != nil || u.Query().Get("sv") != "2025-11-05" {
		t.Errorf("%v, %v", u, err)
	}
	if _, err := s.Copy(t.Context(), "dst", "src", &storage.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(srv.One(t).Header.Get("X-Ms-Copy-Source")); err != nil ||
		u.Query().Get("sv") != "2025-11-05" {
		t.Errorf("%v, %v", u, err)
	}
	// What the SDK would sign in another form than the version has is not signed.
	o.APIVersion = "2019-07-07"
	_, err = mustNew(t, "bucket", o).SignURL(t.Context(), "k", &storage.SignOptions{})
	wantError(t, "SignURL, 2019", err, errors.ErrUnsupported, false)
	_, err = mustNew(t, "bucket", o).Copy(t.Context(), "dst", "src", &storage.CopyOptions{})
	wantError(t, "Copy, 2019", err, errors.ErrUnsupported, false)
	d, keys := entraStore(t, keyService)
	d.version = "2025-11-05"
	_, err = d.SignURL(t.Context(), "k", &storage.SignOptions{})
	wantError(t, "SignURL with a delegation key", err, errors.ErrUnsupported, false)
	if n := len(keys.Seen()); n != 0 {
		t.Errorf("%d requests for a key that signs nothing", n)
	}
}
