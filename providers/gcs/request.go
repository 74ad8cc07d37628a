package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// request is one HTTP request.
type request struct {
	method, url string
	header      http.Header
	body        io.Reader // nil: none
	size        int64     // of body
}

// send makes the request of an attempt. The answer is a success, or has the status that a accepts.
func (s *Store) send(ctx context.Context, a *attempt, r request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(a.begin(ctx), r.method, r.url, http.NoBody)
	if err != nil {
		return nil, driver.Invalidf("no request: %w", driver.WithoutURL(err))
	}
	copied, err := httpdriver.CopyBody(req, r.body, r.size)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	if r.body != nil && r.size > 0 && !copied {
		req.Body, req.ContentLength = io.NopCloser(r.body), r.size
	}
	if r.header != nil {
		req.Header = r.header
	}
	req.Header.Set("User-Agent", userAgent)
	do := s.http.Do
	if s.http.Timeout == 0 {
		do = s.http.Transport.RoundTrip // which is all that is left to do: no redirects, no cookies
	}
	resp, err := do(req)
	if err != nil {
		if said, ok := err.(*url.Error); ok {
			err = said.Err // it has the URL, which of a session is the key to it
		}
		return nil, s.fail(ctx, a, err)
	}
	a.asked = resp.Request
	if resp.StatusCode/100 != 2 && resp.StatusCode != a.accept {
		return nil, s.answer(a, resp)
	}
	if !a.succeeded(r.method, resp.StatusCode) {
		httpdriver.Drain(resp)
		return nil, a.Foreign("status %d", resp.StatusCode)
	}
	return resp, nil
}

// sendJSON is send with an answer that is read into v.
func (s *Store) sendJSON(ctx context.Context, a *attempt, r request, v any) error {
	resp, err := s.send(ctx, a, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	size := min(max(resp.ContentLength, 0), 64<<10) + bytes.MinRead // it does not grow
	document := bytes.NewBuffer(make([]byte, 0, size))
	_, err = document.ReadFrom(resp.Body)
	if err == nil {
		err = json.Unmarshal(document.Bytes(), v)
	}
	if err != nil {
		return s.fail(ctx, a, err)
	}
	return nil
}

// sendDelete is send with an answer that has nothing to say: a page that a proxy put in its place
// is no answer.
func (s *Store) sendDelete(ctx context.Context, a *attempt, r request) error {
	resp, err := s.send(ctx, a, r)
	if err != nil {
		return err
	}
	defer httpdriver.Drain(resp)
	if resp.StatusCode == http.StatusOK && !s.emulator { // fake-gcs-server: 200
		return a.Foreign("a page")
	}
	return nil
}

// sendXML is send with an answer that is read into v, whose root has to be the one named: a page
// that a proxy put in its place is no answer. It returns its headers. An error that comes with
// success, because the service began to answer too early, is an error.
func (s *Store) sendXML(
	ctx context.Context, a *attempt, r request, root string, v any,
) (http.Header, error) {
	resp, err := s.send(ctx, a, r)
	if err != nil {
		return nil, err
	}
	defer httpdriver.Drain(resp)
	d := xml.NewDecoder(resp.Body)
	start, err := httpdriver.ReadRoot(d)
	if err == nil && start.Name.Local == "Error" {
		var x xmlError
		if err = d.DecodeElement(&x, start); err == nil {
			return nil, refusal(a, http.StatusInternalServerError, x.said())
		}
	} else if err == nil && start.Name.Local != root {
		err = fmt.Errorf("the answer is a %s, not a %s", start.Name.Local, root)
	}
	if err == nil {
		err = d.DecodeElement(v, start)
	}
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	return resp.Header, nil
}

// setJSON makes v the body.
func (r *request) setJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return driver.Invalidf("attributes: %w", err)
	}
	r.header, r.body, r.size = http.Header{
		"Content-Type": {"application/json; charset=UTF-8"},
	}, bytes.NewReader(b), int64(len(b))
	return nil
}
