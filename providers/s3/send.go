package s3

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/polystore/storage/driver/httpdriver"
)

// send makes the exchange of a request. Its errors are those of a Store. The answer is a success,
// whose body is the caller's to close.
func (s *Store) send(ctx context.Context, r *request) (*http.Response, error) {
	ctx = r.begin(ctx)
	exchange := s.exchange
	if s.route == nil {
		exchange = s.bySDK
	}
	resp, err := exchange(ctx, r)
	if err == nil {
		s.busy.Learn(resp.StatusCode)
		err = refusal(r.method, resp)
	}
	if err != nil {
		return nil, s.fail(ctx, &r.attempt, err)
	}
	return resp, nil
}

// sendWrite is send for a write. It returns the headers of the answer.
func (s *Store) sendWrite(ctx context.Context, r *request) (http.Header, error) {
	resp, err := s.send(ctx, r)
	if err != nil {
		return nil, err
	}
	httpdriver.Drain(resp)
	return resp.Header, nil
}

// exchange signs a request, makes it on the route, and learns of the service's clock.
func (s *Store) exchange(ctx context.Context, r *request) (*http.Response, error) {
	r.Set("X-Amz-Content-Sha256", r.payload)
	u, signedPath := s.route.url(r.key, r.query)
	authorization := ""
	if s.credentials != nil {
		v, err := s.credentials.Retrieve(ctx)
		if err != nil {
			return nil, err
		}
		authorization = s.route.sign(r, signedPath, &v, s.clock.now())
	}
	r.Set("User-Agent", s.route.agent)
	h := r.Header()
	if authorization != "" {
		h["Authorization"] = []string{authorization}
	}
	req := (&http.Request{
		Method: r.method, URL: u, Host: s.route.hostField, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if n := r.length(); n > 0 {
		copied, err := httpdriver.CopyBody(req, r.body, n)
		if err != nil {
			return nil, err
		}
		if !copied {
			body := &sending{body: r.body}
			if r.trailed != nil {
				body.body = r.trailed
			}
			defer body.Close()
			req.Body, req.ContentLength = body, n
		}
	}
	asked := time.Now()
	resp, err := s.http.Do(req)
	if err == nil {
		s.clock.learn(resp.Header, asked)
	}
	return resp, err
}

// sending is the body of a request for as long as this is made. net/http may read on when it has
// the answer already, which is often a refusal; the source is the caller's again then.
type sending struct {
	mu   sync.Mutex
	body io.Reader // nil: closed
}

func (b *sending) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.body == nil {
		return 0, io.EOF
	}
	return b.body.Read(p)
}

func (b *sending) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.body = nil
	return nil
}

// url returns the URL of a key, and its path as it is signed.
func (t *route) url(key, query string) (u *url.URL, signedPath string) {
	u = &url.URL{Scheme: t.scheme, Host: t.address, Path: t.path + key, RawQuery: query}
	if escaped := escape(key, true); escaped != key || t.rawPath != t.path {
		u.RawPath = t.rawPath + escaped
		return u, u.RawPath
	}
	return u, u.Path
}
