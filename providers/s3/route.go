package s3

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// route is where the requests for the objects of a bucket go, and what they are signed for. All of
// it is the SDK's word, which is asked once: it knows the partitions, access points and dual stacks
// of AWS.
type route struct {
	scheme    string
	address   string // host[:port], to connect to
	host      string // the Host header, as it is signed
	hostField string // that of http.Request: empty where it is the address
	path      string // what stands before a key
	rawPath   string // the same, escaped
	agent     string // the User-Agent

	signer
}

// probeKey is a key that nothing escapes or cleans.
const probeKey = "k"

// findRoute asks the SDK for the bucket's route, without a request. It is nil where the SDK makes
// an error of the bucket, and where requests are not signed by the plain signature: in a directory
// bucket, on Outposts, and for an access point of many regions.
func (s *Store) findRoute(ctx context.Context) *route {
	p := new(probe)
	client := s3.New(s.client.Options(), func(o *s3.Options) {
		o.Credentials, o.ExpressCredentials = p, probeSession{}
		o.HTTPSignerV4, o.HTTPClient = p, p
		o.AuthSchemes = nil // which have the signer of the client's
	})
	in := &s3.HeadObjectInput{Bucket: &s.bucket, Key: aws.String(probeKey)}
	client.HeadObject(ctx, in)
	if p.sent == nil || p.service == "" || p.service == "s3express" {
		return nil
	}
	u := p.sent.URL
	path, ok := strings.CutSuffix(u.Path, probeKey)
	rawPath, rawOK := strings.CutSuffix(u.EscapedPath(), probeKey)
	if !ok || !rawOK || u.RawQuery != "" {
		return nil
	}
	t := &route{
		scheme: u.Scheme, address: u.Host, path: path, rawPath: rawPath,
		agent: p.sent.Header.Get("User-Agent"),
		signer: signer{
			service: p.service, region: p.region, bareEncoding: s.profile.unsignedEncoding,
		},
	}
	t.host = withoutDefaultPort(t.scheme, cmp.Or(p.sent.Host, t.address))
	if t.host != t.address {
		t.hostField = t.host
	}
	return t
}

// probe takes the parts of all that a request of the SDK's needs, and notes what they are given.
type probe struct {
	service, region string
	sent            *http.Request
}

var errProbe = errors.New("not to be sent")

// Retrieve implements aws.CredentialsProvider.
func (*probe) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "probe", SecretAccessKey: "probe"}, nil
}

// probeSession is one of a directory bucket.
type probeSession struct{}

// Retrieve implements s3.ExpressCredentialsProvider.
func (probeSession) Retrieve(ctx context.Context, _ string) (aws.Credentials, error) {
	return new(probe).Retrieve(ctx)
}

// SignHTTP implements s3.HTTPSignerV4.
func (p *probe) SignHTTP(
	_ context.Context, _ aws.Credentials, _ *http.Request, _, service, region string, _ time.Time,
	_ ...func(*v4.SignerOptions),
) error {
	p.service, p.region = service, region
	return nil
}

// Do implements s3.HTTPClient.
func (p *probe) Do(req *http.Request) (*http.Response, error) {
	p.sent = req
	return nil, errProbe
}

// withoutDefaultPort is host as the signature has it.
func withoutDefaultPort(scheme, host string) string {
	if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; port != "" {
		return strings.TrimSuffix(host, port)
	}
	return host
}
