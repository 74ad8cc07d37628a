package s3

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage/driver"
)

// Options are the options of New. The zero value is AWS with the environment's region and
// credentials.
type Options struct {
	// Region of the bucket. Empty: that of an access point's ARN; else the environment's or the
	// profile's; of AWS, else, the bucket's own, which costs one request; of an endpoint, else,
	// us-east-1.
	Region string

	// Endpoint is the URL of another service than AWS: "http://127.0.0.1:9000"; https where it has no
	// scheme. Empty: what AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile say, else that of
	// Provider, else AWS.
	Endpoint string

	// Provider names the service behind Endpoint, and so what is known of it:
	//
	//   - "aws", the default without an endpoint;
	//   - "gcs" (its S3 side: package gcs has all of it) and "tigris", whose endpoint is known;
	//   - "b2", "wasabi" and "spaces", whose endpoint follows from Region, and the other way round;
	//   - "r2" (https://ACCOUNT.r2.cloudflarestorage.com), "ceph", "garage", "minio", "seaweedfs"
	//     and "versitygw", with an Endpoint;
	//   - "generic", the default with an endpoint, which is cautious: conditional Copy and
	//     conditional Delete are errors.ErrUnsupported there, since some servers ignore those
	//     conditions silently.
	//
	// What a service is not known to honour is errors.ErrUnsupported. Conditional writes are: on
	// b2, garage and gcs, which refuse or ignore them, and on spaces and wasabi, which do not
	// document them; name generic to send them all the same.
	Provider string

	// Profile of the shared configuration files. Empty: AWS_PROFILE, else "default".
	Profile string

	// Credentials, or AccessKeyID with SecretAccessKey (and SessionToken), or Anonymous: at most
	// one of the three. None: the default chain: environment, web identity, shared files,
	// container, EC2 metadata service.
	Credentials     aws.CredentialsProvider
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Anonymous       bool // requests are not signed

	// the bucket in the path: endpoint/bucket/key. The default of every provider but aws and tigris
	PathStyle    bool
	VirtualHost  bool // the bucket in the host, also where the path is the default
	Accelerate   bool // S3 Transfer Acceleration
	DualStack    bool // endpoints with IPv6
	FIPS         bool // FIPS 140 endpoints
	DisableHTTPS bool // plain HTTP where Endpoint does not say

	// SSE encrypts what is written: "AES256", "aws:kms" or "aws:kms:dsse"; empty: the bucket's
	// default.
	SSE      string
	KMSKeyID string // with aws:kms; empty: the account's key

	// BatchSize is how many keys one DeleteObjects takes, at most 1,000 (r2: 700). Default 250:
	// each key counts against the bucket's request rate, and a smaller batch is throttled and
	// repeated in smaller pieces.
	BatchSize int

	// HTTPClient makes the requests. Redirects are not followed whatever it says. nil: a client of
	// the Store's own, tuned for transfers.
	HTTPClient *http.Client
}

// check refuses what cannot be meant.
func (o *Options) check() error {
	ways := 0
	for _, given := range []bool{
		o.Credentials != nil, o.AccessKeyID+o.SecretAccessKey+o.SessionToken != "", o.Anonymous,
	} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return driver.Invalidf("Credentials, AccessKeyID and Anonymous exclude each other")
	case ways == 1 && o.Credentials == nil && !o.Anonymous &&
		(o.AccessKeyID == "" || o.SecretAccessKey == ""):
		return driver.Invalidf("AccessKeyID and SecretAccessKey go together")
	case o.PathStyle && o.VirtualHost:
		return driver.Invalidf("PathStyle and VirtualHost exclude each other")
	case o.PathStyle && o.Accelerate:
		return driver.Invalidf("PathStyle and Accelerate exclude each other")
	case o.Endpoint != "" && (o.Accelerate || o.DualStack || o.FIPS):
		return driver.Invalidf(
			"Accelerate, DualStack and FIPS choose an endpoint of AWS: not together with Endpoint",
		)
	case o.SSE != "" && o.SSE != "AES256" && o.SSE != "aws:kms" && o.SSE != "aws:kms:dsse":
		return driver.Invalidf("SSE %q is not AES256, aws:kms or aws:kms:dsse", o.SSE)
	case o.KMSKeyID != "" && !strings.HasPrefix(o.SSE, "aws:kms"):
		return driver.Invalidf("KMSKeyID goes with SSE aws:kms")
	case o.BatchSize < 0 || o.BatchSize > maxBatch:
		return driver.Invalidf("BatchSize %d is not in 0..%d", o.BatchSize, maxBatch)
	}
	return nil
}

// withScheme gives endpoint, which can be empty, as a URL with a scheme.
func (o *Options) withScheme(endpoint string) (string, error) {
	if endpoint == "" {
		return "", nil
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = o.scheme() + endpoint
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil: // which would repeat what it was given
		return "", driver.Invalidf("the endpoint is not a URL")
	case u.User != nil:
		return "", driver.Invalidf("credentials in the endpoint: use AccessKeyID and SecretAccessKey")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return "", driver.Invalidf("the endpoint is not http(s)://host[:port][/path]")
	}
	return endpoint, nil
}

// scheme is that of endpoints that do not say.
func (o *Options) scheme() string {
	if o.DisableHTTPS {
		return "http://"
	}
	return "https://"
}
