package fault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// Transport is an [http.RoundTripper] between a driver and its service that makes requests fail on
// command. Give it to the driver in an http.Client. Its fields are set before the first request.
type Transport struct {
	Script

	Base    http.RoundTripper // nil: http.DefaultTransport
	Service Service           // whose requests these are

	// Classify names a request, for services that Service does not know. If nil, Service does it.
	Classify func(*http.Request) Call

	lateness
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	classify := t.Classify
	if classify == nil {
		classify = t.Service.Classify
	}
	c := classify(req)
	x := &exchange{t: t, ctx: req.Context(), req: req, call: c, fault: t.next(c)}
	resp, err := x.run()
	if x.body == nil && (err != nil || x.fault.answer != nil) && req.Body != nil {
		req.Body.Close()
	}
	return resp, err
}

// CloseIdleConnections closes those of Base.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.Base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// exchange is one request and what becomes of it.
type exchange struct {
	t     *Transport
	ctx   context.Context
	req   *http.Request
	call  Call
	fault Fault
	body  []byte // once it was read; never nil then
}

func (x *exchange) run() (*http.Response, error) {
	f := &x.fault
	if f.before != nil {
		if err := f.before(x.ctx, nil, x.call); err != nil {
			return nil, err
		}
	}
	if f.delay > 0 {
		if err := x.wait(time.After(f.delay)); err != nil {
			return nil, err
		}
	}
	switch {
	case f.dial:
		x.traced(func(h *httptrace.ClientTrace) {
			if h.GetConn != nil {
				h.GetConn(x.req.URL.Host)
			}
		})
		if f.http {
			return nil, f.err
		}
		return nil, errRefused
	case f.hang:
		x.connected()
		if f.sending > 0 && x.req.Body != nil {
			if _, err := io.CopyN(io.Discard, x.req.Body, f.sending); err != nil &&
				!errors.Is(err, io.EOF) {
				return nil, err
			}
		}
		return nil, x.wait(nil)
	case f.late:
		return nil, x.late()
	case f.answer != nil:
		return x.answer()
	case f.err != nil:
		if errors.Is(f.err, ErrLost) {
			return nil, x.take(errReset)
		}
		return nil, f.err
	}
	return x.ask()
}

// ask asks the service, and does to its answer what the fault says.
func (x *exchange) ask() (*http.Response, error) {
	f := &x.fault
	resp, err := x.carry()
	if err != nil {
		return nil, err
	}
	if f.after != nil {
		if err := f.after(x.ctx, nil, x.call); err != nil {
			resp.Body.Close()
			return nil, err
		}
	}
	if f.lost {
		discard(resp)
		if f.waiting {
			return nil, x.wait(nil)
		}
		return nil, errReset
	}
	if f.edit != nil {
		f.edit(resp)
	}
	if f.body != nil {
		resp.Body = f.body(&stream{ReadCloser: resp.Body, ctx: x.ctx, says: ofHTTP})
	}
	return resp, nil
}

// carry sends the request to the service, as often as the fault says.
func (x *exchange) carry() (*http.Response, error) {
	f := &x.fault
	switch {
	case f.twice:
		if err := x.take(nil); err != nil {
			return nil, err
		}
		first, err := x.t.base().RoundTrip(x.again(x.ctx))
		if err != nil {
			return nil, err
		}
		discard(first)
		return x.t.base().RoundTrip(x.again(x.ctx))
	case f.sent != nil && x.req.Body != nil && x.req.Body != http.NoBody:
		req := x.req.Clone(x.ctx)
		req.Body = f.sent(x.req.Body)
		return x.t.base().RoundTrip(req)
	}
	return x.t.base().RoundTrip(x.req)
}

// answer gives the answer of the fault.
func (x *exchange) answer() (*http.Response, error) {
	f := &x.fault
	if f.asked {
		resp, err := x.carry()
		if err != nil {
			return nil, err
		}
		discard(resp)
		if f.after != nil {
			if err := f.after(x.ctx, nil, x.call); err != nil {
				return nil, err
			}
		}
	} else if err := x.take(nil); err != nil {
		return nil, err
	}
	resp := f.answer(x.t.Service, x.call)
	resp.Request = x.req
	if x.req.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp, nil
}

// late keeps the request until the context ends, and delivers it then.
func (x *exchange) late() error {
	if err := x.take(nil); err != nil {
		return err
	}
	x.t.keeping(1)
	err := x.wait(nil)
	x.t.deliver(context.Background(), x.fault.behind, func(ctx context.Context) {
		if resp, err := x.t.base().RoundTrip(x.again(ctx)); err == nil {
			discard(resp)
		}
	})
	return err
}

// take reads the body of the request, as a service that gets it would, and returns then, unless
// that fails.
func (x *exchange) take(then error) error {
	x.connected()
	x.body = []byte{}
	if x.req.Body == nil {
		return then
	}
	defer x.req.Body.Close()
	body, err := io.ReadAll(x.req.Body)
	if err != nil {
		return err
	}
	x.body = append(x.body, body...)
	return then
}

// again is the request whose body was taken.
func (x *exchange) again(ctx context.Context) *http.Request {
	req := x.req.Clone(ctx)
	if x.req.Body != nil && x.req.Body != http.NoBody {
		req.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	req.GetBody = nil
	return req
}

// connected tells those who trace the request that there is a connection and that it was sent.
func (x *exchange) connected() {
	x.traced(func(h *httptrace.ClientTrace) {
		if h.GetConn != nil {
			h.GetConn(x.req.URL.Host)
		}
		if h.GotConn != nil {
			h.GotConn(httptrace.GotConnInfo{Conn: noConn{}})
		}
	})
}

func (x *exchange) traced(tell func(*httptrace.ClientTrace)) {
	if h := httptrace.ContextClientTrace(x.ctx); h != nil {
		tell(h)
	}
}

// wait waits for a time or for the end of the context.
func (x *exchange) wait(until <-chan time.Time) error {
	select {
	case <-until:
		return nil
	case <-x.ctx.Done():
		return x.ctx.Err()
	}
}

// discard reads an answer that nobody gets, so that its request has been carried out.
func discard(resp *http.Response) {
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// noConn stands for the connection of a request that never had one.
type noConn struct{ net.Conn }
