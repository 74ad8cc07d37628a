package gcs

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

var errLost = errors.New("the answer was lost")

// hook stands in front of a server: on, when set, makes the answer of a request, with next to ask
// the server. It notes all requests.
type hook struct {
	base http.RoundTripper

	mu       sync.Mutex
	on       func(r *http.Request, next http.RoundTripper) (*http.Response, error)
	seen     []string // method and Content-Range
	requests []*http.Request
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	on := h.on
	text := r.Method
	if span := r.Header.Get("Content-Range"); span != "" {
		text += " " + span
	}
	h.seen = append(h.seen, text)
	h.requests = append(h.requests, r)
	h.mu.Unlock()
	if on == nil {
		return h.base.RoundTrip(r)
	}
	return on(r, h.base)
}

// once has the next request that matches answered by fn, and all others by the server.
func (h *hook) once(
	match func(*http.Request) bool, fn func(*http.Request, http.RoundTripper) (*http.Response,
		error),
) {
	h.mu.Lock()
	defer h.mu.Unlock()
	done := false
	h.on = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		h.mu.Lock()
		mine := !done && match(r)
		done = done || mine
		h.mu.Unlock()
		if mine {
			return fn(r, next)
		}
		return next.RoundTrip(r)
	}
}

// take returns what was requested since the last time.
func (h *hook) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.seen
	h.seen = nil
	return seen
}

// lose has the server do what is asked, and loses the answer.
func lose(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return nil, errLost
}

// say answers for the server.
func say(
	status int, header http.Header, body string,
) func(*http.Request, http.RoundTripper) (*http.Response, error) {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if r.Body != nil {
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		if header == nil {
			header = make(http.Header)
		}
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
			Request: r,
		}, nil
	}
}

func always(*http.Request) bool { return true }

// startHooked is a fake with a hook before it.
func startHooked(t *testing.T) (*fake, *hook) {
	f := startFake(t, gcsfake.Options{})
	h := &hook{base: f.options.HTTPClient.Transport}
	f.options.HTTPClient = &http.Client{Transport: h}
	return f, h
}
