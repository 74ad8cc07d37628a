package azure

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// connect makes the SDK's client from the options and what the environment says.
func (s *Store) connect(o *Options) error {
	if err := o.fromEnvironment(); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	base, err := o.service()
	if err != nil {
		return err
	}
	if err := o.trim(); err != nil {
		return err
	}
	s.account, s.version, s.http = o.Account, o.APIVersion, s.httpClient(o)
	s.waiting.fromEnvironment()
	options := azcore.ClientOptions{
		Transport: s.http,
		// The one retry loop is the Bucket's; 0 would mean three.
		Retry:           policy.RetryOptions{MaxRetries: -1},
		Telemetry:       policy.TelemetryOptions{ApplicationID: "polystore"},
		PerCallPolicies: []policy.Policy{perCall{o.APIVersion}},
	}
	at := base.JoinPath(s.name)
	switch {
	case o.Key != "":
		if s.account == "" {
			return driver.Invalidf("Key needs Account")
		}
		if s.signer, err = newSigner(s.account, o.Key); err != nil {
			return err
		}
		if s.key, err = container.NewSharedKeyCredential(s.account, o.Key); err != nil {
			return driver.Invalidf("%w", err)
		}
		s.client, err = container.NewClientWithSharedKeyCredential(
			at.String(), s.key, &container.ClientOptions{ClientOptions: options},
		)
	case o.SASToken != "":
		if at.RawQuery, err = checkSAS(o.SASToken); err != nil {
			return err
		}
		s.sas = &at.RawQuery
		s.client, err = container.NewClientWithNoCredential(
			at.String(),
			&container.ClientOptions{ClientOptions: options},
		)
	case o.Anonymous:
		s.client, err = container.NewClientWithNoCredential(
			at.String(), &container.ClientOptions{ClientOptions: options},
		)
	default:
		if err := s.connectEntra(o, base, options); err != nil {
			return err
		}
	}
	if err != nil {
		return driver.Invalidf("%w", err)
	}
	return s.findRoute()
}

// connectEntra makes the clients that sign with tokens.
func (s *Store) connectEntra(o *Options, base *url.URL, options azcore.ClientOptions) error {
	from, err := newTokens(o.Credential)
	if err != nil {
		return err
	}
	s.token = from
	// The route begins behind it: requests of hot verbs wait by themselves.
	options.PerCallPolicies = append([]policy.Policy{awaiting{&from.waiters}},
		options.PerCallPolicies...)
	s.client, err = container.NewClient(
		base.JoinPath(s.name).String(),
		s.token,
		&container.ClientOptions{ClientOptions: options},
	)
	if err != nil {
		return driver.Invalidf("%w", err)
	}
	client, err := service.NewClient(
		base.String(), s.token, &service.ClientOptions{ClientOptions: options},
	)
	if err != nil {
		return driver.Invalidf("%w", err)
	}
	// The SDK takes the first label of the host for the account when it signs.
	if host, _, ok := strings.Cut(base.Host, "."); ok && host == s.account && !local(base.Host) {
		s.delegation = newDelegation(client)
	}
	return nil
}

// httpClient is the caller's client or one of the Store's own. A transport of the caller's may
// unpack gzip by itself, also what is stored so, and a range of it never: identity is asked for.
func (s *Store) httpClient(o *Options) *httpdriver.Client {
	client := o.HTTPClient
	if client == nil {
		t := httpdriver.NewTransport(nil)
		s.closeIdle = append(s.closeIdle, t.CloseIdleConnections)
		client = &http.Client{Transport: t}
	}
	return httpdriver.NewClient(client, map[string]string{"Accept-Encoding": "identity"})
}

// checkSAS returns a shared access signature without the question mark that portals put in front of
// it.
func checkSAS(token string) (string, error) {
	token = strings.TrimPrefix(token, "?")
	values, err := url.ParseQuery(token)
	if err != nil || strings.Contains(token, " ") ||
		values.Get("sig") == "" || values.Get("sv") == "" {
		return "", driver.Invalidf(
			"SASToken is not a shared access signature, which has sv and sig",
		)
	}
	return token, nil
}

// awaiting is above the policy that asks for a token, or waits for another call that does.
type awaiting struct{ waiters *httpdriver.Waiters }

// Do implements policy.Policy.
func (a awaiting) Do(req *policy.Request) (*http.Response, error) {
	ctx, done := a.waiters.Wait(req.Raw().Context(), 0)
	defer done()
	return req.WithContext(ctx).Next()
}

// perCall changes requests before they are signed.
type perCall struct{ apiVersion string }

func (p perCall) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	if p.apiVersion != "" {
		raw.Header[versionField] = []string{p.apiVersion}
	}
	if probe := httpdriver.FromContext[*probe](raw.Context()); probe != nil {
		probe.request = req
		return nil, errProbe
	}
	// The SDK's way to a version takes the URL apart and loses how the key is escaped in it.
	a := httpdriver.FromContext[*attempt](raw.Context())
	if a == nil {
		return req.Next()
	}
	for name, v := range a.header {
		raw.Header[name] = []string{v}
	}
	if a.version != "" {
		if raw.URL.RawQuery != "" {
			raw.URL.RawQuery += "&"
		}
		raw.URL.RawQuery += versionParam + "=" + url.QueryEscape(a.version)
	}
	resp, err := req.Next()
	if err == nil {
		withoutJSON(resp)
	}
	return resp, err
}
