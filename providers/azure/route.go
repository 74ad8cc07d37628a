package azure

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// route is where the requests for the blobs of a container go, and what all of them have. It is the
// SDK's word, which is asked once.
type route struct {
	scheme, host string
	path         string // what stands before a key
	rawPath      string // the same, escaped
	query        string // of every request: a shared access signature; empty: none
	agent        string // the User-Agent
	version      string // of the protocol
}

// probeKey is a key that nothing escapes or cleans.
const probeKey = "k"

// versionField is the field of a header that has the version of the protocol, as the SDK writes it.
const versionField = "x-ms-version"

// probe is an attempt that ends before it is signed. It takes the request.
type probe struct {
	httpdriver.Attempt
	request *policy.Request
}

var errProbe = errors.New("not to be sent")

// findRoute asks the SDK for the container's route, without a request.
func (s *Store) findRoute() error {
	begun, err := s.begin()
	if err != nil {
		return err
	}
	raw := begun.Raw()
	u := raw.URL
	//lint:ignore SA1008 the SDK writes its fields in lower case
	version := raw.Header[versionField][0]
	s.route = route{
		scheme: u.Scheme, host: u.Host, query: u.RawQuery,
		path:    strings.TrimSuffix(u.Path, probeKey),
		rawPath: strings.TrimSuffix(u.EscapedPath(), probeKey),
		agent:   raw.Header.Get("User-Agent"),
		version: version,
	}
	s.begun.Put(begun)
	return nil
}

// begin returns a request that the SDK has begun, which s.begun takes back. What is left of its way
// is the retry policy, which tries once, the credential, and the client. It has values that the
// policies change, so it is for one call at a time.
func (s *Store) begin() (*policy.Request, error) {
	if begun, ok := s.begun.Get().(*policy.Request); ok {
		return begun, nil
	}
	p := new(probe)
	ctx := httpdriver.Begin(context.Background(), p)
	_, err := s.client.NewBlobClient(probeKey).GetProperties(ctx, nil)
	if p.request == nil {
		return nil, driver.Invalidf("no route to the container: %w", driver.Plain(err))
	}
	runtime.SkipBodyDownload(p.request)
	return p.request, nil
}

// url returns the URL of a key.
func (t *route) url(key, query string) *url.URL {
	u := &url.URL{
		Scheme: t.scheme, Host: t.host, Path: t.path + key, RawQuery: join(t.query, query),
	}
	if escaped := url.PathEscape(key); escaped != key || t.rawPath != t.path {
		u.RawPath = t.rawPath + escaped
	}
	return u
}

// fill makes req into r, which goes to u.
func (t *route) fill(req *http.Request, r *request, u *url.URL) {
	r.Set("User-Agent", t.agent)
	req.Method, req.URL, req.Header = r.method, u, r.Header()
}
