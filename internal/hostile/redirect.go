package hostile

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Redirects checks that no call follows a redirect: not to another host, and not from TLS to plain
// HTTP. A request is signed for one host, and whoever it is sent on to would have its credentials
// and its body.
func (p *Provider) Redirects(t *testing.T) {
	for _, secure := range [...]bool{false, true} {
		elsewhere := stub.New(t, func(w http.ResponseWriter, _ *stub.Request) {})
		var status atomic.Int32
		answer := func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("Location", elsewhere.URL+r.URL.RequestURI())
			w.WriteHeader(int(status.Load()))
		}
		start := stub.New
		if secure {
			start = stub.NewTLS
		}
		at := start(t, answer)
		for _, code := range [...]int32{301, 302, 303, 307, 308} {
			status.Store(code)
			b := p.bucket(t, at.URL, at.Client())
			for _, call := range Calls() {
				name := fmt.Sprintf("%s, %d, TLS %v", call.Name, code, secure)
				at.Seen()
				err := call.Do(t.Context(), b, t.TempDir())
				if asked := len(at.Seen()) > 0; asked && err == nil {
					t.Errorf("%s: no error", name)
				}
				if errors.Is(err, storage.ErrNotExist) || errors.Is(err, storage.ErrNotModified) {
					t.Errorf("%s: %v", name, err)
				}
				for _, r := range elsewhere.Seen() {
					t.Errorf("%s: %s %s, with %v", name, r.Method, r.URL, r.Header)
				}
			}
		}
	}
}

// SelfSigned checks that a certificate that nobody vouches for is refused before anything is sent,
// by the provider's own client.
func (p *Provider) SelfSigned(t *testing.T) {
	at := stub.NewTLS(t, func(http.ResponseWriter, *stub.Request) {})
	b := p.bucket(t, at.URL, nil)
	for _, call := range Calls() {
		err := call.Do(t.Context(), b, t.TempDir())
		if err == nil && call.Name != "SignURL" {
			t.Errorf("%s: no error", call.Name)
		}
	}
	if n := len(at.Seen()); n > 0 {
		t.Errorf("%d requests to a server that nobody vouches for", n)
	}
}
