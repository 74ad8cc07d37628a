package hostile

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Redirects checks that no call follows a redirect: not to another host, and not from TLS to plain
// HTTP. A request is signed for one host, and whoever it is sent on to would have its credentials
// and its body. A client with a Timeout makes its requests in another way.
func (p *Provider) Redirects(t *testing.T) {
	for _, timeout := range [...]time.Duration{0, time.Minute} {
		p.redirects(t, false, timeout)
		p.redirects(t, true, timeout)
	}
}

func (p *Provider) redirects(t *testing.T, secure bool, timeout time.Duration) {
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
		client := at.Client()
		made := &asking{RoundTripper: client.Transport}
		client.Transport, client.Timeout = made, timeout
		b := p.bucket(t, at.URL, client)
		for _, call := range Calls() {
			name := fmt.Sprintf("%s, %d, TLS %v, Timeout %v", call.Name, code, secure, timeout)
			was := made.requests.Load()
			err := call.Do(t.Context(), b, t.TempDir())
			if asked := made.requests.Load() > was; asked && err == nil {
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

// asking counts requests where they are made. A server may hear of one that was cut, such as a part
// beside another that failed, when its call has ended.
type asking struct {
	http.RoundTripper
	requests atomic.Int64
}

func (a *asking) RoundTrip(req *http.Request) (*http.Response, error) {
	a.requests.Add(1)
	return a.RoundTripper.RoundTrip(req)
}
