package httpdriver

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"
)

// idle is how long an unused connection is kept: less than S3 (about 20 s, by reports) and MinIO
// (30 s) keep it. A request fails that begins while the service closes its connection, and a write
// whose bytes were all handed out is then in doubt.
const idle = 15 * time.Second

// NewTransport returns a transport that is tuned for transfers: HTTP/1.1 (HTTP/2 would put all
// parts on one connection and halve the speed), idle connections for every worker, bodies as they
// are stored. A nil config is the default one.
func NewTransport(config *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           listening(dialer.DialContext),
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       idle,
		ExpectContinueTimeout: time.Second,
		// A bound for the slowest of answers, a copy on the service's side or completing a large
		// upload, for programs without a Bucket. A Bucket's StallTimeout, which takes the size into
		// account, is what notices dead connections.
		ResponseHeaderTimeout: time.Hour,
		DisableCompression:    true,
		ReadBufferSize:        64 << 10,
		WriteBufferSize:       writeBuffer,
		Protocols:             protocols,
	}
}

// Transport is a transport that notes in the [Attempt] of a request how far the request came. It is
// below any authentication, whose own requests do not belong to the attempt.
type Transport struct {
	Base http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx := req.Context()
	leave(ctx)
	var a *Attempt
	if c := FromContext[Carrier](ctx); c != nil {
		if err := checkHeader(req.Header); err != nil {
			return nil, err
		}
		a = c.attempt()
	}
	resp, err := base.RoundTrip(travel(ctx, req, a))
	if err != nil {
		return nil, concealError(req, err)
	}
	if a != nil {
		a.connected.Store(true) // whatever transport there was
	}
	if resp.Body == http.NoBody {
		return resp, nil
	}
	resp.Body = &movingBody{resp.Body, ctx}
	if a != nil && !a.Stream {
		SetBody(resp, &document{r: resp.Body, left: MaxDocument})
	}
	return resp, nil
}

// checkHeader refuses a value that no header can carry, before anything counts as sent: a token
// with a line end in it is no better the next time. It is not repeated: it may be a secret.
func checkHeader(h http.Header) error {
	for name, values := range h {
		for _, v := range values {
			if !carried(v) {
				return fmt.Errorf(
					"the value of the header %s has a line end or a control character in it", name,
				)
			}
		}
	}
	return nil
}

// carried reports whether a header can carry that value.
func carried(value string) bool {
	for i := range len(value) {
		if c := value[i]; c != '\t' && isControl(rune(c)) {
			return false
		}
	}
	return true
}
