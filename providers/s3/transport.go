package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// newTransport is tuned for transfers: HTTP/1.1 (HTTP/2 would put all parts on one connection, and S3 does not speak it),
// idle connections for every worker, bodies as they are stored.
func newTransport(tlsConfig *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       30 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A bound for the slowest of answers, a large CompleteMultipartUpload or CopyObject. The Bucket's StallTimeout is
		// what notices dead connections.
		ResponseHeaderTimeout: 10 * time.Minute,
		DisableCompression:    true,
		ReadBufferSize:        64 << 10,
		Protocols:             protocols,
	}
}

// doer is the HTTP client of the SDK's client: it notes for the attempt that a request belongs to how far it came.
type doer struct {
	client *http.Client
	header map[string]string // set in every request
}

// newDoer makes requests by client, but follows no redirect: the signature is for one host.
func newDoer(client *http.Client, header map[string]string) *doer {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &doer{&c, header}
}

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	for name, v := range d.header {
		req.Header.Set(name, v) // the request is the SDK's, made for this attempt
	}
	if a := attemptOf(req.Context()); a != nil && a.write {
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
		}))
	}
	resp, err := d.client.Do(req)
	// A *url.Error repeats the URL, and that of a signed request is a secret.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	return resp, err
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
