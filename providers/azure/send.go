package azure

import (
	"context"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/polystore/storage/driver/httpdriver"
)

// send makes the exchange of a request. Its errors are those of a Store. The answer is a success,
// whose body is the caller's to close.
func (s *Store) send(ctx context.Context, r *request) (*http.Response, error) {
	exchange := s.exchange
	if s.token != nil {
		exchange = s.bySDK
	}
	resp, err := exchange(httpdriver.Begin(ctx, r), r)
	if err == nil && !r.succeeded(resp) {
		err = refusal(resp)
	}
	if err != nil {
		return nil, failure(ctx, &r.Attempt, err)
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

// exchange signs a request by the shared key, if there is one, and makes it.
func (s *Store) exchange(ctx context.Context, r *request) (*http.Response, error) {
	var size int64
	if r.body != nil {
		size = r.body.Size()
	}
	if size > 0 && s.waiting.now() {
		r.Set("Expect", "100-continue")
	}
	u := s.route.url(r.key, r.query)
	if s.signer != nil {
		s.signer.sign(r, u, size)
	}
	req := new(http.Request).WithContext(ctx)
	s.route.fill(req, r, u)
	copied, err := httpdriver.CopyBody(req, r.body, size)
	if err != nil {
		return nil, err
	}
	if size > 0 && !copied {
		req.Body, req.ContentLength = r.body, size
		req.GetBody = func() (io.ReadCloser, error) {
			_, err := r.body.Seek(0, io.SeekStart)
			return r.body, err
		}
	}
	resp, err := s.http.Do(req)
	if err == nil {
		s.waiting.busy.Learn(resp.StatusCode)
	}
	return resp, err
}

// bySDK makes the exchange of a request with a token, which the SDK asks for, keeps, and asks for
// anew where the service challenges it.
func (s *Store) bySDK(ctx context.Context, r *request) (*http.Response, error) {
	begun, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer s.begun.Put(begun)
	ctx, done := s.token.waiters.Wait(ctx, 0)
	defer done()
	req := begun.WithContext(ctx)
	s.route.fill(req.Raw(), r, s.route.url(r.key, r.query))
	if r.body != nil {
		if err := req.SetBody(r.body, octets); err != nil {
			return nil, err
		}
	}
	return req.Next()
}

// refusal is the error that the SDK would make of an answer that is no success. It reads the answer
// and closes it.
func refusal(resp *http.Response) error {
	httpdriver.SetBody(resp, io.LimitReader(resp.Body, httpdriver.MaxRefusal))
	withoutJSON(resp)
	if _, err := runtime.Payload(resp); err != nil { // which is kept in resp
		return err
	}
	return runtime.NewResponseError(resp)
}
