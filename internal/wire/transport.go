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

// Watch returns req so that it sets connected once it has a connection: from then on bytes may have been sent.
func Watch(req *http.Request, connected *atomic.Bool) *http.Request {
	return req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
}
