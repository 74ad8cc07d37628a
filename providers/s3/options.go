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
	// Region is the region of the bucket. If it is empty, the region is taken from the access point
	// ARN, the environment or the shared profile, in that order. Failing that, New asks AWS for the
	// region of the bucket (one request), or uses us-east-1 with a custom endpoint.
	Region string

	// Endpoint is the URL of a service other than AWS: "http://127.0.0.1:9000". A URL without a
	// scheme is https. If Endpoint is empty, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and the profile
	// are asked, in that order, then Provider. The default is AWS. The signature of a request over
	// plain HTTP has the SHA-256 of its body in it, unless Endpoint is on this machine: then nobody
	// should be in between.
	Endpoint string

	// Provider names the service behind Endpoint. It selects what is known of that service:
	//
	//   - "aws", the default without an endpoint;
	//   - "gcs" (its S3 side: package gcs has all of it) and "tigris", whose endpoint is known;
	//   - "b2", "wasabi" and "spaces", whose endpoint follows from Region, and the other way round;
	//   - "r2" (https://ACCOUNT.r2.cloudflarestorage.com), "ceph", "garage", "ministack", "minio",
	//     "seaweedfs" and "versitygw", with an Endpoint;
	//   - "generic", the default with an endpoint, which is cautious: conditional Copy, conditional
	//     Delete and conditions of an object in parts are errors.ErrUnsupported there, since some
	//     servers ignore those conditions silently.
	//
	// An option that a service is not known to honour is errors.ErrUnsupported. That includes
	// conditional writes on b2, garage, gcs, seaweedfs and wasabi, and IfAbsent on spaces.
	// "generic" sends the conditions of a Put in one request to any service: a service that ignores
	// them loses updates, and `polystore check` shows it.
	Provider string

	// Profile selects a profile of the shared configuration files. The default is AWS_PROFILE, or
	// "default" if that is not set.
	Profile string

	// At most one of these may be set: Credentials; AccessKeyID with SecretAccessKey, and
	// SessionToken for temporary keys; Anonymous. If none is, the default chain is used:
	// environment, web identity, shared files, container, EC2 metadata service.
	Credentials     aws.CredentialsProvider `json:"-"`
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Anonymous       bool // requests are not signed

	// PathStyle puts the bucket into the path: endpoint/bucket/key. It is the default of every
	// provider except aws and tigris.
	PathStyle    bool
	VirtualHost  bool // puts the bucket into the host, also if PathStyle is the default
	Accelerate   bool // S3 Transfer Acceleration
	DualStack    bool // endpoints with IPv6
	FIPS         bool // FIPS 140 endpoints
	DisableHTTPS bool // plain HTTP if Endpoint has no scheme

	// SSE is the encryption of new objects: "AES256", "aws:kms" or "aws:kms:dsse". The default is
	// that of the bucket.
	SSE      string
	KMSKeyID string // for aws:kms; the default is the key of the account

	// BatchSize is the number of keys in one DeleteObjects, at most 1,000 (r2: 700). Default 250:
	// each key counts against the request rate of the bucket, and a small batch that is throttled
	// is repeated in small pieces.
	BatchSize int

	// HTTPClient sends the requests. Redirects are never followed. The default is a client of the
	// Store, tuned for transfers.
	HTTPClient *http.Client `json:"-"`
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
		return "", driver.Invalidf(
			"credentials in the endpoint: use AccessKeyID and SecretAccessKey",
		)
	case u.Scheme != "http" && u.Scheme != "https",
		u.Host == "", u.RawQuery != "", u.Fragment != "":
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
