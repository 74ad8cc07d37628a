package gcs

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/compute/metadata"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// signer is who signs URLs.
type signer struct {
	email string          // empty: the metadata server knows
	key   *rsa.PrivateKey // nil: IAM signs
}

// signerOf finds out who can sign: what the options name, the service account of a key file, one
// that is impersonated, or that of the machine. nil: nobody. credentials are a file's content,
// empty on a machine of Google's.
func signerOf(o *Options, credentials []byte) (*signer, error) {
	var file struct {
		Email       string `json:"client_email"`
		Key         string `json:"private_key"`
		Impersonate string `json:"service_account_impersonation_url"`
	}
	_ = json.Unmarshal(credentials, &file) // whoever needs the rest of it has complained
	if file.Email == "" {
		// …/serviceAccounts/name@project.iam.gserviceaccount.com:generateAccessToken
		_, account, _ := strings.Cut(file.Impersonate, "/serviceAccounts/")
		file.Email, _, _ = strings.Cut(account, ":")
	}
	sign := &signer{email: file.Email}
	key := []byte(file.Key)
	switch {
	case o.PrivateKey != nil:
		sign.email, key = o.AccessID, o.PrivateKey
	case o.AccessID != "" && o.AccessID != file.Email:
		sign.email, key = o.AccessID, nil
	case file.Email == "" && (len(credentials) > 0 || o.Credentials != nil || o.Anonymous):
		return nil, nil
	}
	if len(key) == 0 {
		return sign, nil
	}
	var err error
	if sign.key, err = parseKey(key); err != nil {
		return nil, driver.Invalidf("signing: %w", err)
	}
	return sign, nil
}

// account is the name of the signer.
func (s *signer) account(ctx context.Context) (string, error) {
	if s.email != "" {
		return s.email, nil
	}
	within, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	email, err := metadata.EmailWithContext(within, "default")
	switch {
	case ctx.Err() != nil:
		return "", &storage.Error{Err: ctx.Err()}
	case err != nil:
		none := new(httpdriver.CredentialSource).Fail(
			metadataServer, statusOf(err), "no account to sign for: "+driver.PlainText(err), err,
		)
		return "", &storage.Error{Kind: none.Kind, Err: none}
	}
	return email, nil
}

// SignURL makes a V4 signature, without a request where there is a private key, else by one to
// IAM's signBlob. Credentials that cannot sign, a user's or none, are errors.ErrUnsupported.
func (s *Store) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	check := s.checkAsked
	if opts.Method == http.MethodPut {
		check = checkKey
	}
	if err := check(key); err != nil {
		return nil, err
	}
	if s.signer == nil {
		return nil, driver.Unsupportedf(
			"these credentials cannot sign: a service account can, by " +
				"its key or, named by AccessID, through IAM",
		)
	}
	method, expires, err := driver.CheckSign(opts)
	if err != nil {
		return nil, err
	}
	query, header, err := signed(opts)
	if err != nil {
		return nil, err
	}
	account, err := s.signer.account(ctx)
	if err != nil {
		return nil, err
	}
	t := &toSign{
		method: method, url: s.xmlObject(key), query: query, header: header,
		account: account, at: time.Now().UTC().Truncate(time.Second), seconds: int64(
			expires / time.Second,
		),
	}
	text, err := t.sign(ctx, func(ctx context.Context, b []byte) ([]byte, error) {
		if s.signer.key != nil {
			return signKey(s.signer.key, b)
		}
		return s.signBlob(ctx, account, b)
	})
	if err != nil {
		var e *storage.Error
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: driver.Plain(err)}
	}
	return &storage.SignedURL{
		Method: method, URL: text, Header: header, Expires: t.at.Add(expires),
	}, nil
}

// signed gives the parts of a request that its signature covers, beside its method.
func signed(o *storage.SignOptions) (q url.Values, h http.Header, err error) {
	q = make(url.Values)
	if err := setVersion(q, "generation", o.VersionID); err != nil {
		return nil, nil, err
	}
	for name, v := range map[string]string{
		"response-content-type":        o.ResponseContentType,
		"response-content-disposition": o.ResponseDisposition,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	entries, err := encodeMetadata(o.Metadata)
	if err != nil {
		return nil, nil, err
	}
	h = (&attributes{ContentType: o.ContentType, Metadata: entries}).header()
	if o.ContentLength > 0 {
		n := strconv.FormatInt(o.ContentLength, 10)
		h.Set("X-Goog-Content-Length-Range", n+","+n)
	}
	if o.IfAbsent {
		h.Set(generationHeader, "0")
	}
	return q, h, nil
}

// signBlob has IAM sign b:
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob.
func (s *Store) signBlob(ctx context.Context, account string, b []byte) ([]byte, error) {
	r := request{
		method: http.MethodPost,
		url:    s.iam + "/v1/projects/-/serviceAccounts/" + url.PathEscape(account) + ":signBlob",
	}
	if err := r.setJSON(map[string][]byte{"payload": b}); err != nil {
		return nil, err
	}
	var answer struct{ SignedBlob string }
	if err := s.sendJSON(ctx, new(attempt), r, &answer); err != nil {
		if e, ok := err.(*storage.Error); ok && e.Kind != nil &&
			e.Kind != storage.ErrUnavailable && e.Kind != storage.ErrThrottled {
			e.Kind = storage.ErrPermission // of the signer: no object was asked for
		}
		return nil, err
	}
	sum, err := base64.StdEncoding.DecodeString(answer.SignedBlob)
	if err != nil || len(sum) == 0 {
		return nil, &storage.Error{
			Kind: storage.ErrUnavailable, Err: driver.NewCause("IAM gave no signature", err),
		}
	}
	return sum, nil
}
