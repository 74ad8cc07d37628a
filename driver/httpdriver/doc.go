// Package httpdriver is what drivers of services that speak HTTP need beside package driver: a
// transport for transfers, an [Attempt] that knows whether a write that failed may have happened
// all the same, the refusal of answers that something in between has made, and the headers that
// such services have in common.
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
// Where an SDK makes the requests, it is given the Client, and the context of [Begin].
package httpdriver
