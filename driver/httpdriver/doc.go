// Package httpdriver has what drivers of services that speak HTTP need in addition to package
// driver: a transport for transfers, an [Attempt] that knows whether a failed write may have been
// carried out, checks that refuse answers made by a proxy, and the headers that such services have
// in common.
//
// A driver makes each request as an Attempt of its own:
//
//	a := &httpdriver.Attempt{Write: true, Refused: storage.ErrExist, Body: payload}
//	req, err := http.NewRequestWithContext(httpdriver.Begin(ctx, a), "PUT", url, payload)
//	…
//	resp, err := s.client.Do(req) // a *httpdriver.Client
//	if err != nil {
//		return a.Fail(ctx, err)
//	}
//
// If an SDK makes the requests, give it the Client and the context of [Begin].
package httpdriver
