package conformance

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// signer signs URLs for a Store that cannot, and serves them.
type signer struct {
	store  storage.Store
	server *httptest.Server
	secret []byte
	lax    string // what the server does not look at: a defect
}

func newSigner(t testing.TB, s storage.Store) *signer {
	g := &signer{store: s, secret: []byte("secret")}
	g.server = httptest.NewServer(g)
	t.Cleanup(g.server.Close)
	return g
}

// claims are what a URL says, and what its signature covers.
type claims struct {
	Key     string
	Expires time.Time
	Opts    storage.SignOptions
}

func (g *signer) mac(payload string) string {
	h := hmac.New(sha256.New, g.secret)
	io.WriteString(h, payload)
	return hex.EncodeToString(h.Sum(nil))
}

func (g *signer) sign(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if err := ctx.Err(); err != nil {
		return nil, &storage.Error{Err: err}
	}
	c := claims{Key: key, Opts: *opts}
	if c.Opts.Method == "" {
		c.Opts.Method = http.MethodGet
	}
	if c.Opts.Expires == 0 {
		c.Opts.Expires = 15 * time.Minute
	}
	c.Expires = time.Now().Add(c.Opts.Expires)
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	payload := base64.RawURLEncoding.EncodeToString(b)
	u := &storage.SignedURL{
		Method: c.Opts.Method,
		URL: g.server.URL + "/" + url.PathEscape(key) + "?payload=" + payload + "&signature=" +
			g.mac(payload),
		Header:  make(map[string][]string),
		Expires: c.Expires,
	}
	if t := c.Opts.ContentType; t != "" {
		u.Header["Content-Type"] = []string{t}
	}
	for k, v := range c.Opts.Metadata {
		u.Header["Meta-"+k] = []string{storage.EncodeMetadataValue(v)}
	}
	return u, nil
}

func (g *signer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var c claims
	b, err := base64.RawURLEncoding.DecodeString(q.Get("payload"))
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	o := &c.Opts
	checks := []struct {
		what string
		ok   bool
	}{
		{"payload", err == nil},
		{"signature", hmac.Equal([]byte(g.mac(q.Get("payload"))), []byte(q.Get("signature")))},
		{"method", o.Method == r.Method},
		{"key", "/"+c.Key == r.URL.Path},
		{"expires", time.Now().Before(c.Expires)},
		{"content-type", o.ContentType == "" || o.ContentType == r.Header.Get("Content-Type")},
		{"content-length", o.ContentLength == 0 || o.ContentLength == r.ContentLength},
	}
	for _, check := range checks {
		if !check.ok && check.what != g.lax {
			http.Error(w, "not signed: "+check.what, http.StatusForbidden)
			return
		}
	}
	g.serve(w, r, strings.TrimPrefix(r.URL.Path, "/"), o)
}

func (g *signer) serve(w http.ResponseWriter, r *http.Request, key string, o *storage.SignOptions) {
	fail := func(err error) {
		status := http.StatusInternalServerError
		if errors.Is(err, storage.ErrNotExist) {
			status = http.StatusNotFound
		} else if errors.Is(err, storage.ErrExist) {
			status = http.StatusPreconditionFailed
		}
		http.Error(w, err.Error(), status)
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		opts := &storage.GetOptions{VersionID: o.VersionID}
		if g.lax == "version" {
			opts.VersionID = ""
		}
		res, err := g.store.Get(r.Context(), key, opts)
		if err != nil {
			fail(err)
			return
		}
		defer res.Body.Close()
		h := w.Header()
		h.Set("Content-Length", strconv.FormatInt(res.Length, 10))
		if g.lax == "length" {
			h.Set("Content-Length", "0")
		}
		h.Set("Content-Type", res.Object.ContentType)
		if o.ResponseContentType != "" && g.lax != "response-content-type" {
			h.Set("Content-Type", o.ResponseContentType)
		}
		if o.ResponseDisposition != "" && g.lax != "response-disposition" {
			h.Set("Content-Disposition", o.ResponseDisposition)
		}
		if r.Method == http.MethodGet && g.lax != "body" {
			io.Copy(w, res.Body)
		}
	case http.MethodPut:
		data, err := io.ReadAll(r.Body)
		if err != nil {
			fail(err)
			return
		}
		opts := &storage.PutOptions{
			ContentType: r.Header.Get("Content-Type"),
			IfAbsent:    o.IfAbsent && g.lax != "if-absent",
			Metadata:    make(map[string]string),
		}
		for k, v := range r.Header {
			if name, ok := strings.CutPrefix(k, "Meta-"); ok && g.lax != "metadata" {
				opts.Metadata[strings.ToLower(name)] = storage.DecodeMetadataValue(v[0])
			}
		}
		if g.lax == "put" {
			data = nil
		}
		if _, err := g.store.Put(r.Context(), key, bytes.NewReader(data),
			int64(len(data)), opts); err != nil {
			fail(err)
		}
	case http.MethodDelete:
		if g.lax == "delete" {
			return
		}
		if err := g.store.Delete(r.Context(), key, &storage.DeleteOptions{}); err != nil {
			fail(err)
		}
	}
}
