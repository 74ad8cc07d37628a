package server

import (
	"net"
	"net/http"
	"sync/atomic"
)

// Tally counts the requests and the connections of an http.Server.
type Tally struct{ requests, conns atomic.Int64 }

// ConnState is that of an http.Server.
func (t *Tally) ConnState(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		t.conns.Add(1)
	}
}

// Handler counts the requests of h.
func (t *Tally) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.requests.Add(1)
		h.ServeHTTP(w, r)
	})
}

// Reset begins to count anew. Connections that are open do not count as opened.
func (t *Tally) Reset() {
	t.requests.Store(0)
	t.conns.Store(0)
}

// Stats returns what happened since the last Reset.
func (t *Tally) Stats() Stats {
	return Stats{Requests: t.requests.Load(), Conns: t.conns.Load()}
}
