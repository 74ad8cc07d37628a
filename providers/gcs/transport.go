package gcs

import (
	"net/http"

	"github.com/polystore/storage/internal/wire"
)

// watched is a transport that notes for the attempt a request belongs to how far it came. It lies below the authentication, whose own
// requests are not the attempt's.
type watched struct{ base http.RoundTripper }

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	if a := attemptOf(req.Context()); a != nil {
		a.authorized.Store(true)
		req = wire.Watch(req, &a.connected)
	}
	return w.base.RoundTrip(req)
}
