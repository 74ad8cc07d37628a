package s3

import (
	"context"
	"io"
	"net/http"

	"github.com/polystore/storage/internal/wire"
)

// doer is the HTTP client of the SDK's client: it notes for the attempt that a request belongs to how far it came.
type doer struct {
	client *http.Client
	header map[string]string // set in every request
}

// newDoer makes requests by client, but follows no redirect: the signature is for one host.
func newDoer(client *http.Client, header map[string]string) *doer {
	return &doer{wire.Undirected(client), header}
}

func (d *doer) Do(req *http.Request) (*http.Response, error) {
	for name, v := range d.header {
		req.Header.Set(name, v) // the request is the SDK's, made for this attempt
	}
	if a := attemptOf(req.Context()); a != nil && a.write {
		req = wire.Watch(req, &a.connected)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, wire.WithoutURL(err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		resp.Body = body{io.LimitReader(resp.Body, maxRefusal), resp.Body}
	} else if err := attemptOf(req.Context()).check(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
