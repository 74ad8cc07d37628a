package httpdriver

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/polystore/storage/driver"
)

// Client makes requests, those of an SDK or a driver's own, and looks at their answers first.
type Client struct {
	client http.Client
	header http.Header // its values are of all requests
}

// Inspector is a [Carrier] that looks at the answer to its request before an SDK does: to refuse a
// success that its service would not have given, with [ErrForeign], and to note what the SDK does
// not tell. The body that it has read is put back with [SetBody]. It sees successes alone.
type Inspector interface {
	Carrier
	Inspect(resp *http.Response) error
}

// NewClient returns a Client that makes requests by base's transport and within its Timeout, but
// follows no redirect: a signature is for one host. header is set in every request; it may be nil.
func NewClient(base *http.Client, header map[string]string) *Client {
	c := &Client{client: *base, header: make(http.Header, len(header))}
	for name, v := range header {
		c.header[http.CanonicalHeaderKey(name)] = slices.Clip([]string{v})
	}
	c.client.Transport = &Transport{base.Transport}
	c.client.CheckRedirect = NoRedirect
	return c
}

// NoRedirect is the CheckRedirect of an [http.Client] that follows none.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do makes a request. Errors have no URL in them. The body of a refusal ends after [MaxRefusal]
// bytes, or where the connection is cut, since its head has all that is needed. A success is
// refused if it is 206 without a Content-Range, which would pass for the whole object, or if the
// [Inspector] of the request refuses it.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	for name, v := range c.header {
		req.Header[name] = v // the request is this attempt's
	}
	do := c.client.Do
	if c.client.Timeout == 0 && c.client.Jar == nil {
		do = c.client.Transport.RoundTrip // which is all that is left to do
	}
	resp, err := do(req)
	if err != nil {
		return nil, driver.WithoutURL(err)
	}
	if err := inspect(req, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func inspect(req *http.Request, resp *http.Response) error {
	switch {
	case resp.StatusCode/100 != 2:
		SetBody(resp, &untilCut{req.Context(), io.LimitReader(resp.Body, MaxRefusal)})
	case resp.StatusCode == http.StatusPartialContent && resp.Header.Get("Content-Range") == "":
		return ErrForeign
	default:
		if i := FromContext[Inspector](req.Context()); i != nil {
			return i.Inspect(resp)
		}
	}
	return nil
}

// untilCut ends where r breaks, unless it is the end of ctx that breaks it.
type untilCut struct {
	ctx context.Context // the request's
	r   io.Reader
}

func (u *untilCut) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && u.ctx.Err() == nil {
		err = io.EOF
	}
	return n, err
}
