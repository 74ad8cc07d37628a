package gcs

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// attempt is one request and what it needs to be judged by when it fails.
type attempt struct {
	httpdriver.Attempt
	accept int           // a status that is no failure although it is not 2xx
	secret bool          // the answer's request ID is the key to a resumable session
	asked  *http.Request // as it was sent, once there is an answer
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context { return httpdriver.Begin(ctx, a) }

// writing begins an attempt at a write.
func writing() *attempt { return &attempt{Attempt: httpdriver.Attempt{Write: true}} }

// ofBucket makes a an attempt at something of the bucket itself: what is missing is the bucket.
func (a *attempt) ofBucket() *attempt {
	a.Missing = storage.ErrNoBucket
	return a
}

// inSession makes a an attempt of a resumable session.
func (a *attempt) inSession(accept int) *attempt {
	a.secret, a.accept = true, accept
	return a
}

// succeeded reports whether a status is one that the service answers the request with: 202 is of
// what something in between has put off, 203 of what it has changed.
func (a *attempt) succeeded(method string, status int) bool {
	end := method == http.MethodDelete
	switch status {
	case http.StatusOK, a.accept:
		return true
	case http.StatusCreated: // of a resumable session
		return a.secret && !end
	case http.StatusNoContent:
		return end
	case http.StatusPartialContent:
		return a.Stream
	}
	return false
}
