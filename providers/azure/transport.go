package azure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// newTransport is tuned for transfers: HTTP/1.1 (HTTP/2 would put all parts on one connection), idle connections for every
// worker, bodies as they are stored.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       30 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A bound for the slowest of answers, a copy on the service's side. The Bucket's StallTimeout is what notices dead
		// connections.
		ResponseHeaderTimeout: 10 * time.Minute,
		DisableCompression:    true,
		ReadBufferSize:        64 << 10,
		Protocols:             protocols,
	}
}

// doer is the transport of the SDK's client: it notes for the attempt that a request belongs to how far it came.
type doer struct{ client *http.Client }

// newDoer makes requests by client, but follows no redirect: the signature is for one host.
func newDoer(client *http.Client) *doer {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &doer{&c}
}

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	a := attemptOf(req.Context())
	if a != nil {
		a.sent.Store(true)
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
		}))
	}
	// A transport of the caller's may unpack gzip by itself, also what is stored so, and a range of it never.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := d.client.Do(req)
	// A *url.Error repeats the URL, and that may hold a signature.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if err == nil && a != nil {
		a.inferred = resp.Header.Get("X-Ms-Access-Tier-Inferred") == "true"
		if a.slurp {
			err = slurp(resp)
		}
	}
	return resp, err
}

// slurp replaces the body by its bytes: the SDK leaves that of a batch open.
func slurp(resp *http.Response) error {
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return err
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
