package azure

import (
	"bytes"
	"context"
	"io"
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
		a.inferred = resp.Header.Get("X-Ms-Access-Tier-Inferred") == "true"
		if a.slurp {
			err = slurp(resp)
		}
	}
	return resp, err
}

// slurp replaces the body by its bytes: the SDK leaves that of a batch open.
func slurp(resp *http.Response) error {
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return err
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
