package azure

import (
	"context"
	"net/http"

	"github.com/polystore/storage/internal/wire"
)

// doer is the transport of the SDK's client: it notes for the attempt that a request belongs to how far it came.
type doer struct{ client *http.Client }

// newDoer makes requests by client, but follows no redirect: the signature is for one host.
func newDoer(client *http.Client) *doer {
	return &doer{wire.Undirected(client)}
}

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	a := attemptOf(req.Context())
	if a != nil {
		a.sent.Store(true)
		req = wire.Watch(req, &a.connected)
	}
	// A transport of the caller's may unpack gzip by itself, also what is stored so, and a range of it never.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := d.client.Do(req)
	err = wire.WithoutURL(err)
	if err == nil && a != nil {
		err = a.look(resp)
	}
	return resp, err
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
