package gcs

import (
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/auth"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// The limits of https://cloud.google.com/storage/quotas.
const (
	maxObject   = 5 << 40
	minPart     = 5 << 20 // of an XML multipart upload
	maxPart     = 5 << 30
	maxParts    = 10_000
	chunk       = 256 << 10 // pieces of a resumable session are multiples of it
	maxBatch    = 1000
	maxPage     = 1000
	maxMetadata = 8 << 10 // bytes of all names and values

	// defaultBatch: every key of a batch counts against the bucket's rate of writes.
	defaultBatch = 250
)

// Options are the options of New. The zero value is Google Cloud Storage with the default
// credentials.
type Options struct {
	// Endpoint is the URL of a service other than Google's: "http://127.0.0.1:4443". The default is
	// STORAGE_EMULATOR_HOST, or https://storage.googleapis.com if that is not set.
	Endpoint string

	// Emulator declares that Endpoint is fake-gcs-server or similar: it has the JSON API and XML
	// reads, and ignores tags and all conditions except those of writes. Parts then go into a
	// resumable session, keys are deleted one by one, and delimited lists are made by this package.
	// Copy (a Bucket reads and writes instead), tags, conditional Delete, batches and the list of
	// uploads are errors.ErrUnsupported. STORAGE_EMULATOR_HOST implies it.
	Emulator bool

	// At most one of Credentials, CredentialsFile and Anonymous may be set. If none is, the default
	// credentials are used; with an endpoint from STORAGE_EMULATOR_HOST, no credentials are.
	Credentials *auth.Credentials `json:"-"`
	// CredentialsFile has the key of a service account, a user or a workload identity. It decides
	// which hosts are asked for tokens.
	CredentialsFile string
	Anonymous       bool // requests carry no credentials

	// AccessID and PrivateKey sign URLs. They are the e-mail address of a service account and its
	// key in PEM. Without PrivateKey, the key of the credentials signs. If there is none, IAM's
	// signBlob does, which needs the permission iam.serviceAccounts.signBlob and one request per
	// URL.
	AccessID   string
	PrivateKey []byte

	// UserProject is billed for the requests, as a requester-pays bucket demands. The default is
	// the project of the credentials.
	UserProject string

	// UniverseDomain is the domain of a cloud other than googleapis.com. The default is
	// GOOGLE_CLOUD_UNIVERSE_DOMAIN.
	UniverseDomain string

	// BatchSize is the number of keys that one request deletes, at most 1,000. Default 250.
	BatchSize int

	// HTTPClient has the transport that sends the requests, below the authentication. Redirects are
	// never followed. The default is a transport of the Store, tuned for transfers.
	HTTPClient *http.Client `json:"-"`
}

// check refuses what cannot be meant. What files and environments add around a name is taken off.
func (o *Options) check() (err error) {
	if o.AccessID, err = httpdriver.TrimSecret("AccessID", o.AccessID); err != nil {
		return err
	}
	if o.UserProject, err = httpdriver.TrimSecret("UserProject", o.UserProject); err != nil {
		return err
	}
	ways := 0
	for _, given := range []bool{o.Credentials != nil, o.CredentialsFile != "", o.Anonymous} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return driver.Invalidf("Credentials, CredentialsFile and Anonymous exclude each other")
	case o.PrivateKey != nil && o.AccessID == "":
		return driver.Invalidf("PrivateKey goes with AccessID")
	case o.BatchSize < 0 || o.BatchSize > maxBatch:
		return driver.Invalidf("BatchSize %d is not in 0..%d", o.BatchSize, maxBatch)
	}
	return nil
}

// parseEndpoint gives scheme://host[:port]; the scheme is what it is if there is none. The path of
// the JSON API, which the SDK wants in its endpoint, is taken off.
func parseEndpoint(name, endpoint, scheme string) (string, error) {
	if !strings.Contains(endpoint, "://") {
		endpoint = scheme + "://" + endpoint
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil: // which would repeat what it was given
		return "", driver.Invalidf("%s is not a URL", name)
	case u.User != nil:
		return "", driver.Invalidf("credentials in %s", name)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "",
		u.RawQuery != "", u.Fragment != "",
		strings.Trim(strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/storage/v1"), "/") != "":
		return "", driver.Invalidf("%s is not http(s)://host[:port]", name)
	}
	// Clients leave a scheme's own port out of the Host, which signatures cover.
	return u.Scheme + "://" + strings.TrimSuffix(
		u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme],
	), nil
}

// checkBucket refuses names that would be read as something else in a URL. The service knows which
// names there are.
func checkBucket(name string) error {
	if name == "" {
		return driver.Invalidf("no bucket")
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) || strings.Trim(name, ".") == "" {
		return driver.Invalidf("%q is no name of a bucket", name)
	}
	return nil
}
