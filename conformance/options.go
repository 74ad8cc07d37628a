package conformance

import (
	"context"
	"net/http"
	"time"

	"github.com/polystore/storage"
)

// Options say what to check. Only Open is needed.
type Options struct {
	// Open opens the bucket to be checked. It is called once for the run, and again by checks that
	// close what they opened. Every Store that it returns is closed.
	Open func(ctx context.Context) (storage.Store, error)

	// Limits are the defects of this bucket's service. What it honestly lacks is in the
	// Capabilities of its Store.
	Limits []Limit

	// Requests returns how many requests the Stores of Open have sent so far. nil: the counting
	// checks are not run.
	Requests func() int64

	// HTTPClient follows signed URLs. nil: a client without redirects. It needs no credentials and
	// gets none.
	HTTPClient *http.Client

	// StorageClass is a class that the service has, and reports, for the checks of storage classes.
	// Empty: STANDARD, which services report as nothing at all.
	StorageClass string

	Full bool     // more keys, sizes and rounds: minutes, not seconds, on a slow link
	Only []string // run only the checks whose names match one of these patterns of package path, such as get/*

	Prefix      string        // below which the run's own random prefix lies
	Seed        uint64        // of the random checks; 0: a random one, which the report names
	Concurrency int           // how many checks run at once; 0: 8. The counting checks run alone
	Timeout     time.Duration // of each check; 0: one minute, with Full five

	refused map[Feature]bool // what Inspect has seen refused
}

// A Limit declares a defect of the service: it does something, and not as the contract has it. It
// is checked like a promise: a check that it covers must fail, or the declaration is out of date.
type Limit struct {
	Feature Feature // all checks of it, of which one at least must fail; what needs it is not run
	Check   string  // or one check, by its name, which must fail
	Reason  string  // what the service does instead
}

// names is what a Limit is about, for messages.
func (l *Limit) names() string {
	if l.Check != "" {
		return l.Check
	}
	return string(l.Feature)
}

// A Feature is what a promise is about: a group of checks.
type Feature string

// The features that every bucket has.
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

// The features that a driver or a service may lack, and say so in [storage.Capabilities]. Only
// CaseSensitiveKeys has no field there.
const (
	CoexistingKeys      Feature = "a beside a/b"                 // a key that is also a prefix
	CaseSensitiveKeys   Feature = "case-sensitive keys"          // A beside a
	IfAbsent            Feature = "if absent"                    // PutOptions.IfAbsent
	IfMatch             Feature = "if match"                     // PutOptions.IfMatch
	ListETag            Feature = "list ETag"                    // Object.ETag of List
	ExactContentType    Feature = "exact content type"           // PutOptions.ContentType, byte for byte
	SuffixRange         Feature = "suffix range"                 // Offset < 0 in one request of the Store
	StorageClass        Feature = "storage class"                // PutOptions.StorageClass
	Tags                Feature = "tags"                         // PutOptions.Tags
	Versions            Feature = "versions"                     // VersionID
	ChecksumCRC32       Feature = "checksum CRC32"               // PutOptions.Checksums of that kind
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
	CopySourceIfMatch   Feature = "copy source if match"         // CopyOptions.SourceIfMatch of the Store
	CopyConditions      Feature = "copy conditions"              // CopyOptions.IfAbsent and IfMatch of the Store
	Multipart           Feature = "multipart"                    // Store.CreateUpload and its sisters
	MultipartConditions Feature = "multipart conditions"         // IfAbsent and IfMatch at CompleteUpload
	MultipartChecksums  Feature = "multipart checksums"          // PutOptions.Checksums at CompleteUpload
	AbortUpload         Feature = "abort upload"                 // Store.AbortUpload
	ListUploads         Feature = "list uploads"                 // Store.ListUploadsPage with the key or no prefix
	ListUploadsPrefix   Feature = "list uploads by prefix"       // with any prefix
	ListParts           Feature = "list parts"                   // Store.ListPartsPage
	CopyPart            Feature = "copy part"                    // Store.CopyPart
	SignURL             Feature = "signed URL"                   // Store.SignURL, for a plain HTTP client
	SignURLIfAbsent     Feature = "signed URL, if absent"        // SignOptions.IfAbsent
	SignURLHeaders      Feature = "signed URL, headers"          // SignOptions.ContentType and ContentLength
)

// client follows signed URLs. It keeps no connection, so that nothing outlives the check, and
// unpacks nothing.
func (o *Options) client() *http.Client {
	if o.HTTPClient != nil {
		return o.HTTPClient
	}
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
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
