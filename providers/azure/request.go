package azure

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// request is a request of a hot verb, one for a blob, as the SDK would make it. It is built by hand
// because the SDK takes up to a hundred allocations more for that.
type request struct {
	httpdriver.Attempt
	method string
	key    string
	query  string          // escaped
	body   *driver.Payload // nil: none
	done   []int           // the statuses of a success

	// Their names are as the SDK writes them: those that begin with x-ms- in lower case.
	httpdriver.Fields
}

// newRequest returns a request without a body.
func (s *Store) newRequest(method, key, version string, done ...int) *request {
	r := &request{method: method, key: key, done: done}
	if version != "" {
		r.query = versionParam + "=" + url.QueryEscape(version)
	}
	r.Set(versionField, s.route.version)
	return r
}

// versionParam is the parameter for a version of a blob.
const versionParam = "versionid"

// octets is the type of a body. What type a blob has is said elsewhere.
const octets = "application/octet-stream"

// newUpload returns a request that makes a blob of body.
func (s *Store) newUpload(key string, body *driver.Payload) *request {
	r := s.newRequest(http.MethodPut, key, "", http.StatusCreated)
	r.Write, r.Body, r.body = true, body, body
	r.Set("Content-Type", octets)
	r.Set("x-ms-blob-type", "BlockBlob")
	return r
}

// succeeded reports whether the service did what it was asked for.
func (r *request) succeeded(resp *http.Response) bool {
	return slices.Contains(r.done, resp.StatusCode)
}
