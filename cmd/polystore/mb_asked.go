package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// asked is what a request says that an SDK makes. A service may repeat it in its refusal, with the
// credentials, and the errors of SDKs do not tell what they asked. The zero value is ready.
type asked struct {
	mu     sync.Mutex
	header http.Header
}

// listen returns a context for the request.
func (a *asked) listen(ctx context.Context) context.Context {
	a.header = make(http.Header)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(name string, values []string) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.header[http.CanonicalHeaderKey(name)] = values
		},
	})
}

// conceal takes the credentials of the request out of the refusal of a service.
func (a *asked) conceal(err error) error {
	e, ok := errors.AsType[*storage.Error](err)
	if !ok || e.Status == 0 {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	req := &http.Request{Header: a.header}
	e.Code = httpdriver.Conceal(req, e.Code)
	e.Err = errors.New(httpdriver.Conceal(req, e.Err.Error()))
	return e
}
