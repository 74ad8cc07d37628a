package httpdriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// inspecting is an attempt that refuses what has no ETag.
type inspecting struct{ Attempt }

func (*inspecting) Inspect(resp *http.Response) error {
	if resp.Header.Get("ETag") == "" {
		return ErrForeign
	}
	return nil
}

func TestClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/endless":
			w.WriteHeader(http.StatusForbidden)
			for range 3 {
				w.Write(make([]byte, MaxRefusal/2))
			}
		case "/part":
			w.WriteHeader(http.StatusPartialContent)
		case "/etag":
			w.Header().Set("ETag", r.Header.Get("X-Own"))
		}
	}))
	defer server.Close()
	c := NewClient(server.Client(), map[string]string{"X-Own": `"a"`})
	defer server.Client().CloseIdleConnections()
	for _, tc := range []struct {
		path    string
		inspect bool
		status  int
		body    int
		want    error
	}{
		{"/redirect", false, http.StatusTemporaryRedirect, 0, nil},
		{"/endless", true, http.StatusForbidden, MaxRefusal, nil},
		{"/part", false, 0, 0, ErrForeign},
		{"/plain", false, http.StatusOK, 0, nil},
		{"/plain", true, 0, 0, ErrForeign},
		{"/etag", true, http.StatusOK, 0, nil},
	} {
		ctx := Begin(t.Context(), new(Attempt))
		if tc.inspect {
			ctx = Begin(t.Context(), new(inspecting))
		}
		resp, err := do(ctx, c, server.URL+tc.path)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.path, err, tc.want)
		}
		if err != nil {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tc.status || tc.body > 0 && len(body) != tc.body {
			t.Errorf("%s: %d with %d bytes, %v", tc.path, resp.StatusCode, len(body), err)
		}
	}
	server.Close()
	_, err := do(t.Context(), c, server.URL+"/?signature")
	if err == nil || strings.Contains(err.Error(), "signature") {
		t.Errorf("an error that repeats the URL: %v", err)
	}
}

func do(ctx context.Context, c *Client, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}

func TestCheckRoot(t *testing.T) {
	isResult := func(name string) bool { return name == "Result" }
	for body, want := range map[string]error{
		`<?xml version="1.0"?><Result><Key>a</Key></Result>`: nil,
		`<Result xmlns="http://x/"/>`:                        nil,
		`<html>a page for people</html>`:                     ErrForeign,
		`{"json": true}`:                                     ErrForeign,
		``:                                                   ErrForeign,
		`<Resu`:                                              ErrForeign,
	} {
		closed := false
		resp := &http.Response{Body: struct {
			io.Reader
			io.Closer
		}{strings.NewReader(body), closerFunc(func() error {
			closed = true
			return nil
		})}}
		err := CheckRoot(resp, isResult)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(resp.Body); string(got) != body || err != nil {
			t.Errorf("%q is %q, %v after it was looked at", body, got, err)
		}
		if resp.Body.Close(); !closed {
			t.Errorf("%q: the body was not closed", body)
		}
	}
	broken := &http.Response{Body: io.NopCloser(io.MultiReader(strings.NewReader("<"), broken{}))}
	if err := CheckRoot(broken, isResult); !errors.Is(err, errBroken) {
		t.Errorf("a body that breaks: %v", err)
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// Some servers give the root another name: what is in it decides.
func TestCheckDocument(t *testing.T) {
	known := func(root, child string) bool {
		return child == "Key" || child == "" && root == "Empty"
	}
	for body, want := range map[string]error{
		`<?xml version="1.0"?><Result><Key>a</Key></Result>`: nil,
		`<Other><Deep><x/></Deep> text <Key/><Key/></Other>`: nil,
		`<Empty/>`:          nil,
		`<Result></Result>`: ErrForeign,
		`<html><body><Key>too deep</Key></body></html>`: ErrForeign,
		`<Result><Deep><Key/>`:                          ErrForeign,
		`<Result><Deep></Other><Key/></Result>`:         ErrForeign,
		`{"Key": 1}`:                                    ErrForeign,
		``:                                              ErrForeign,
	} {
		resp := &http.Response{Body: io.NopCloser(strings.NewReader(body))}
		err := CheckDocument(resp, known)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(resp.Body); string(got) != body || err != nil {
			t.Errorf("%q is %q, %v after it was looked at", body, got, err)
		}
	}
	broken := &http.Response{Body: io.NopCloser(io.MultiReader(strings.NewReader("<a><b/>"),
		broken{}))}
	if err := CheckDocument(broken, known); !errors.Is(err, errBroken) {
		t.Errorf("a body that breaks: %v", err)
	}
}

// What answers may be no server of HTTP, and repeat the first line of the request. net/http says so
// in its error.
func TestEchoedRequest(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "%s %s HTTP/1.1\r\n\r\n", r.Method, r.RequestURI)
	}))
	defer srv.Close()
	c := NewClient(srv.Client(), nil)
	req, err := http.NewRequestWithContext(Begin(t.Context(), new(Attempt)), "GET",
		srv.URL+"/k?sig=secret%2Bone", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(req)
	if err == nil || !strings.Contains(err.Error(), "sig=(redacted)") {
		t.Errorf("Do: %v", err)
	}
}
