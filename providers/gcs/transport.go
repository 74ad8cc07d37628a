package gcs

import (
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// newTransport is tuned for transfers: HTTP/1.1 (HTTP/2 would put all parts on one connection and halve the speed), idle
// connections for every worker, bodies as they are stored.
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
		// A bound for the slowest of answers, completing a large upload: "several minutes",
		// https://cloud.google.com/storage/docs/xml-api/post-object-complete. The Bucket's StallTimeout is what notices dead connections.
		ResponseHeaderTimeout: 10 * time.Minute,
		DisableCompression:    true,
		ReadBufferSize:        64 << 10,
		Protocols:             protocols,
	}
}

// watched is a transport that notes for the attempt a request belongs to how far it came. It lies below the authentication, whose own
// requests are not the attempt's.
type watched struct{ base http.RoundTripper }

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	if a := attemptOf(req.Context()); a != nil {
		a.authorized.Store(true)
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
		}))
	}
	return w.base.RoundTrip(req)
}
