package conformance

import (
	"context"
	"net/http"
	"time"

	"github.com/polystore/storage"
)

// Options configures a run. Only Open is required.
type Options struct {
	// Open opens the bucket to be checked. It is called once for the run, and again by checks that
	// close what they opened. Every Store that it returns is closed.
	Open func(ctx context.Context) (storage.Store, error)

	// Limits declares the defects of the bucket's service. Features that the service lacks belong
	// in the Capabilities of its Store instead.
	Limits []Limit

	// Requests returns the number of requests that the Stores of Open have sent so far. If nil, the
	// checks of counts are not run, and those that also count leave that out.
	Requests func() int64

	// HTTPClient follows signed URLs. It needs no credentials and is given none. If nil, a client
	// that follows no redirects is used.
	HTTPClient *http.Client

	// StorageClass is a class that the service offers and reports, for the checks of storage
	// classes. Default: STANDARD, which services report as an empty class.
	StorageClass string

	// Foreign writes data as another program would: with the service's own client, or as a file on
	// the disk, under o.Key, which the driver may refuse for a new object. An error that matches
	// ErrInvalid or errors.ErrUnsupported says that the service has no such objects. If nil, Put
	// of the Store writes it.
	Foreign func(ctx context.Context, o *storage.Object, data []byte) error

	// Full asks for more keys, sizes and rounds. On a slow link a run takes minutes, not seconds.
	Full bool

	// Only selects the checks whose names match one of these patterns of package path, such as
	// get/*. If empty, all checks are selected.
	Only []string

	// Prefix is the prefix below which the run makes its own random prefix.
	Prefix string

	// Seed is the seed of the random checks. Default: a random seed, which the Report states.
	Seed uint64

	// Concurrency is the number of checks that run at once. Default: 8. The checks that count
	// requests run alone.
	Concurrency int

	// Timeout limits each check. Default: one minute, or five minutes with Full.
	Timeout time.Duration

	refused map[Feature]bool // what Inspect has seen refused
}

// A Limit declares a defect: the service offers a feature, but not as the contract requires. The
// declaration is checked, too. At least one check that it covers must fail, otherwise the
// declaration is out of date and the run reports it.
type Limit struct {
	Feature Feature // at least one of its checks must fail; checks that need it are not run
	Check   string  // or the name of one check, which must fail
	Reason  string  // what the service does instead
}

// names is what a Limit is about, for messages.
func (l *Limit) names() string {
	if l.Check != "" {
		return l.Check
	}
	return string(l.Feature)
}

// A Feature names a group of checks.
type Feature string

// These features are in every bucket.
const (
	Reads      Feature = "reads"
	Writes     Feature = "writes"
	Conditions Feature = "conditions" // all conditions of Get and Stat, and the form of ETags
	Lists      Feature = "lists"
	Deletes    Feature = "deletes"
	Keys       Feature = "keys"
	Metadata   Feature = "metadata"
	Contexts   Feature = "contexts"
	Errors     Feature = "errors"
	Requests   Feature = "requests" // one call, one request
	Buckets    Feature = "bucket"   // the methods and options of storage.Bucket
	Transfers  Feature = "transfers"
)

// These features may be absent from a driver or a service, which says so in [storage.Capabilities].
// Only CaseSensitiveKeys has no field there.
const (
	CoexistingKeys      Feature = "a beside a/b"                 // a key that is also a prefix
	CaseSensitiveKeys   Feature = "case-sensitive keys"          // A beside a
	IfAbsent            Feature = "if absent"                    // PutOptions.IfAbsent
	IfMatch             Feature = "if match"                     // PutOptions.IfMatch
	ListETag            Feature = "list ETag"                    // Object.ETag of List
	ListSplit           Feature = "list split"                   // StartAfter by a jump
	ExactContentType    Feature = "exact content type"           // ContentType, byte for byte
	SuffixRange         Feature = "suffix range"                 // Offset < 0 in one request
	StorageClass        Feature = "storage class"                // PutOptions.StorageClass
	Tags                Feature = "tags"                         // PutOptions.Tags
	Versions            Feature = "versions"                     // VersionID
	ChecksumCRC32       Feature = "checksum CRC32"               // PutOptions.Checksums
	ChecksumCRC32C      Feature = "checksum CRC32C"              //
	ChecksumCRC64NVME   Feature = "checksum CRC64NVME"           //
	ChecksumMD5         Feature = "checksum MD5"                 //
	ChecksumSHA1        Feature = "checksum SHA1"                //
	ChecksumSHA256      Feature = "checksum SHA256"              //
	DeleteIfMatch       Feature = "delete if match"              // DeleteOptions.IfMatch
	DeleteIfMatchAbsent Feature = "delete if match, missing key" // it is ErrPrecondition
	DeleteBatch         Feature = "delete batch"                 // Store.DeleteBatch
	Copy                Feature = "copy"                         // Store.Copy
	CopyReplace         Feature = "copy with other headers"      // CopyOptions.Replace of the Store
	CopySourceIfMatch   Feature = "copy source if match"         // CopyOptions.SourceIfMatch
	CopyConditions      Feature = "copy conditions"              // Copy with IfAbsent and IfMatch
	Multipart           Feature = "multipart"                    // Store.CreateUpload, PutPart
	MultipartConditions Feature = "multipart conditions"         // IfAbsent, IfMatch on completion
	MultipartChecksums  Feature = "multipart checksums"          // Checksums at CompleteUpload
	AbortUpload         Feature = "abort upload"                 // Store.AbortUpload
	ListUploads         Feature = "list uploads"                 // uploads of one key, or all
	ListUploadsPrefix   Feature = "list uploads by prefix"       // with any prefix
	ListParts           Feature = "list parts"                   // Store.ListPartsPage
	CopyPart            Feature = "copy part"                    // Store.CopyPart
	SignURL             Feature = "signed URL"                   // a URL for a plain HTTP client
	SignURLIfAbsent     Feature = "signed URL, if absent"        // SignOptions.IfAbsent
	SignURLHeaders      Feature = "signed URL, headers"          // ContentType and ContentLength
)

// client follows signed URLs. It keeps no connection, so that nothing outlives the check, and
// unpacks nothing.
func (o *Options) client() *http.Client {
	if o.HTTPClient != nil {
		return o.HTTPClient
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:              http.ProxyFromEnvironment,
			DisableKeepAlives:  true,
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// limit returns the declaration that covers all of f.
func (o *Options) limit(f Feature) (Limit, bool) {
	for _, l := range o.Limits {
		if l.Check == "" && l.Feature == f {
			return l, true
		}
	}
	return Limit{}, false
}

// limitOf returns the declaration that covers c.
func (o *Options) limitOf(c *check) (Limit, bool) {
	for _, l := range o.Limits {
		if l.Check == c.name {
			return l, true
		}
	}
	return o.limit(c.feature)
}
