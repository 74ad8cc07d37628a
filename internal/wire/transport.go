package wire

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// NewTransport returns a transport that is tuned for transfers: HTTP/1.1 (HTTP/2 would put all parts on one connection and
// halve the speed), idle connections for every worker, bodies as they are stored. A nil config is the default one.
func NewTransport(config *tls.Config) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       30 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A bound for the slowest of answers, a copy on the service's side or completing a large upload: "several minutes",
		// https://cloud.google.com/storage/docs/xml-api/post-object-complete. The Bucket's StallTimeout is what notices dead
		// connections.
		ResponseHeaderTimeout: 10 * time.Minute,
		DisableCompression:    true,
		ReadBufferSize:        64 << 10,
		Protocols:             protocols,
	}
}

// Undirected returns a copy of client that follows no redirect: a signature is for one host.
func Undirected(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// Watch returns req so that connected says whether bytes of it may have been sent: once it has a connection, and from the
// start where a transport of the caller's tells nothing of its connections. What was true stays so.
func Watch(req *http.Request, connected *atomic.Bool) *http.Request {
	before := connected.Load()
	connected.Store(before || req.Context().Err() == nil)
	var asked atomic.Bool
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) {
			if !asked.Swap(true) {
				connected.Store(before)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
}
