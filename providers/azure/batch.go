package azure

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// maxBatch is how many blobs one request deletes:
// https://learn.microsoft.com/rest/api/storageservices/blob-batch.
const maxBatch = 256

// MaxBatch returns 256.
func (s *Store) MaxBatch() int { return maxBatch }

// DeleteBatch makes one Blob Batch, in which every key is a request that is signed and answered by
// itself.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	if len(keys) > maxBatch {
		return nil, driver.Invalidf("%d keys, at most %d", len(keys), maxBatch)
	}
	errs := make([]error, len(keys))
	where := make([]int, 0, len(keys)) // in keys, by the number in the batch
	for i, key := range keys {
		err := s.checkAsked(ctx, key)
		if err == nil {
			where = append(where, i)
		}
		errs[i] = driver.GoneErr(err, "")
	}
	if len(where) == 0 {
		return errs, nil
	}
	batch, err := s.newBatch(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range where {
		if err := batch.Delete(keys[i], nil); err != nil {
			return nil, driver.Invalidf("%w", err)
		}
	}
	var failures []error // by the number in the batch
	a := writing()
	a.inspect = func(resp *http.Response, body []byte) (err error) {
		failures, err = batchFailures(resp, body, len(where))
		return err
	}
	if _, err := s.client.SubmitBatch(a.begin(ctx), batch, nil); err != nil {
		return nil, fail(ctx, a, err)
	}
	for n, err := range failures {
		if err == nil {
			continue
		}
		if e := fail(ctx, a, err); e.Kind != storage.ErrNotExist {
			e.Key = keys[where[n]]
			errs[where[n]] = e
		}
	}
	return errs, nil
}

// newBatch makes an empty batch. The SDK would ask for the token of each of its requests under a
// context that does not end.
func (s *Store) newBatch(ctx context.Context) (*container.BatchBuilder, error) {
	client := s.client
	if s.token != nil {
		token, err := s.bearer(ctx)
		if err != nil {
			return nil, err
		}
		if client, err = container.NewClient(client.URL(), token, nil); err != nil {
			return nil, driver.Invalidf("%w", err)
		}
	}
	batch, err := client.NewBatchBuilder()
	if err != nil {
		return nil, driver.Invalidf("%w", err)
	}
	return batch, nil
}

// batchFailures reads the answers to the n requests of a batch: nil where one succeeded. An answer
// without a number is to the batch as a whole, which was refused.
func batchFailures(resp *http.Response, body []byte, n int) ([]error, error) {
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, httpdriver.ErrForeign
	}
	failures, told := make([]error, n), make(map[int]bool, n)
	credentials := sync.OnceValue(func() []string { return credentialsOf(resp.Request) })
	for parts := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF && len(told) == n {
			return failures, nil
		}
		if err == io.EOF {
			return nil, fmt.Errorf("%d of the %d answers to a batch", len(told), n)
		}
		if err != nil {
			return nil, err
		}
		// The line behind the headers is counted to the boundary.
		answer, err := http.ReadResponse(
			bufio.NewReader(io.MultiReader(part, strings.NewReader("\r\n"))), resp.Request,
		)
		if err != nil {
			return nil, err
		}
		failure := error(nil)
		if answer.StatusCode/100 != 2 {
			withoutJSON(answer)
			failure = runtime.NewResponseError(answer)
		}
		id := part.Header.Get("Content-ID")
		if id == "" && failure != nil {
			answer.Request = signedBy(resp.Request, credentials()...)
			return nil, failure
		}
		i, err := strconv.Atoi(id)
		if err != nil || i < 0 || i >= n || told[i] {
			return nil, fmt.Errorf("an answer to request %q of a batch of %d", id, n)
		}
		if failure != nil && i < len(credentials()) {
			answer.Request = signedBy(resp.Request, credentials()[i])
		}
		failures[i], told[i] = failure, true
	}
}

// credentialsOf are those of the requests in a batch, by the number. req may be nil.
func credentialsOf(req *http.Request) (credentials []string) {
	if req == nil || req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer body.Close()
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		if strings.EqualFold(name, "Authorization") {
			credentials = append(credentials, value)
		}
	}
	return credentials
}

// signedBy is the request of a batch with more credentials, for [httpdriver.Conceal].
func signedBy(req *http.Request, credentials ...string) *http.Request {
	if len(credentials) == 0 {
		return req
	}
	req = req.Clone(req.Context())
	for _, c := range credentials {
		req.Header.Add("Authorization", c)
	}
	return req
}
