package storage

import "time"

// GetOptions are the options of reading. The zero value reads the whole current object.
type GetOptions struct {
	// Offset and Length choose a range, in bytes. Offset < 0 counts from the end (a suffix; longer than the object: all of it)
	// and takes no Length. Length 0 means to the end, so {0, 0} is the whole object and never ErrRange. A range that begins at or
	// behind the end of the object is ErrRange; one that ends behind it gives what there is. Length < 0, and Length > 0 with
	// Offset < 0, are ErrInvalid. For computed ranges that may be empty use a ReaderAt.
	Offset, Length int64

	IfMatch         string    // read only this version (an ETag): else ErrPrecondition; a missing object is ErrNotExist
	IfNoneMatch     string    // read unless it is this version: else ErrNotModified
	IfModifiedSince time.Time // read only what was modified later (whole seconds count): else ErrNotModified
	VersionID       string    // read this version of a bucket that keeps versions

	// Concurrency is how many ranges are fetched in parallel. 0: one for Get and ReadAll,
	// Options.Concurrency for Download and DownloadFile. Used by Bucket; always zero in a Store.
	Concurrency int

	// VerifyHash checks MD5, SHA-1 and SHA-256 on whole reads, too, where the service gives one. A CRC
	// is always checked. Used by Bucket; always false in a Store.
	VerifyHash bool

	// Progress is told of the bytes that have arrived. It must not block, nor close anything. Used by
	// Bucket; always nil in a Store.
	Progress func(Progress)
}

// StatOptions are the options of Stat.
type StatOptions struct {
	IfMatch         string    // as in GetOptions
	IfNoneMatch     string    // as in GetOptions
	IfModifiedSince time.Time // as in GetOptions
	VersionID       string    // as in GetOptions
}

// PutOptions are the options of writing. What is not given is not set: overwriting leaves nothing of the old object.
type PutOptions struct {
	ContentType        string // empty: the service's default
	ContentEncoding    string // says how the bytes are encoded; nothing is encoded or decoded by it
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string

	// Metadata names are [a-z0-9][a-z0-9._-]* after lower-casing; values any UTF-8 text without control characters. Every
	// provider takes 1 KiB of names and values in 16 entries and gives them back exactly.
	Metadata     map[string]string
	StorageClass string            // the service's name for it
	Tags         map[string]string // labels beside the object, where the service has them

	// IfAbsent creates: of any number of concurrent writers exactly one succeeds, the others get ErrExist.
	//
	// IfAbsent and IfMatch tell the truth: nil means that this write happened, ErrExist and ErrPrecondition that it did not,
	// also where the answer to an attempt was lost and a later attempt was refused. What cannot be found out is
	// ErrUnknownOutcome. For that the write carries a random ID in a metadata entry of its own, which is hidden again.
	// It is assumed that between the attempts of one call nobody deletes the object, copies an older version back over it
	// or (S3, whose ETag is a hash of the content) writes its old bytes again, and that no abandoned attempt lands later; a
	// create whose object is deleted in between may happen twice.
	IfAbsent bool

	// IfMatch replaces: the write happens only on the version with this ETag, else ErrPrecondition; so it is on a missing
	// object. It goes with IfAbsent's promise, and not together with IfAbsent.
	//
	// Where the service's ETag is a hash of the content (S3), writing the same bytes again gives the same ETag again: two
	// writers with equal bytes can both win, and a change of the metadata alone is not guarded.
	IfMatch string

	// Checksums of the whole object. They are verified before anything becomes visible; a mismatch is ErrIntegrity.
	Checksums Checksums

	PartSize    int64 // Bucket: as Options.PartSize, for this object
	Concurrency int   // Bucket: as Options.Concurrency, for this object

	// Progress is told of the bytes that the service has acknowledged, by one goroutine at a time. It must not block, nor
	// close anything. Bucket.
	Progress func(Progress)
}

// UpdateOptions are the options of UpdateWith.
type UpdateOptions struct {
	// Create has the headers, metadata, tags and class of an object that the update creates, and how it
	// is sent. Conditions and Checksums in it are ErrInvalid. nil: none.
	Create *PutOptions
}

// ReaderAtOptions are the options of NewReaderAt. The zero value pins the current object.
type ReaderAtOptions struct {
	IfMatch         string    // as in GetOptions
	IfNoneMatch     string    // as in GetOptions
	IfModifiedSince time.Time // as in GetOptions
	VersionID       string    // as in GetOptions
}

// Progress tells how far a transfer is, in bytes. It never goes back, and ends at the size of the object.
type Progress struct {
	Done  int64 // acknowledged
	Total int64 // -1 where it is not known yet
}

// DeleteOptions are the options of Delete.
type DeleteOptions struct {
	IfMatch string // delete only this version (an ETag): else, and on a missing object, ErrPrecondition
}

// DeleteManyOptions are the options of DeleteMany and DeletePrefix.
type DeleteManyOptions struct {
	Concurrency int // requests at once; 0: Options.Concurrency
	BatchSize   int // keys in a request; 0, and more than the driver takes: what the driver takes
}

// CleanOptions are the options of CleanUploads.
type CleanOptions struct {
	Prefix string // only uploads to keys that begin with it
}

// DeleteBatchOptions are the options of a Store's DeleteBatch. There are none yet.
type DeleteBatchOptions struct{}

// ListOptions are the options of listing. The zero value lists every object.
type ListOptions struct {
	Prefix     string // only keys that begin with it
	Delimiter  string // any string: keys that have it behind Prefix are rolled up into one entry with IsPrefix
	StartAfter string // only keys and prefixes that sort behind it
	PageSize   int    // entries in a page; 0: the service's default. A page may be shorter
	PageToken  string // Page.NextToken of the page before; wins over StartAfter

	// Concurrency is how many pages List holds at most: the one that is being read, and those that are
	// asked for ahead of it. 0 and 1: none ahead. Used by Bucket; always zero in a Store.
	Concurrency int
}

// Page is one page of a list. An empty NextToken ends the list.
type Page struct {
	Objects   []*Object // in the byte order of their keys, common prefixes among them
	NextToken string
}

// CopyOptions are the options of Copy. The zero value copies an object with its headers and metadata.
type CopyOptions struct {
	IfAbsent bool   // as in PutOptions, for the destination
	IfMatch  string // as in PutOptions, for the destination

	SourceIfMatch   string // copy only this version of the source (an ETag): else ErrPrecondition
	SourceVersionID string // copy this version of the source, of a bucket that keeps versions

	// Replace puts the following fields in place of the source's; without it they must be empty. Tags are replaced, too;
	// without Replace the source's are kept only where the service copies unconditionally and in one request.
	Replace            bool
	ContentType        string
	ContentEncoding    string
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string
	Metadata           map[string]string
	StorageClass       string // also without Replace: the class of the new object, empty for the service's default
	Tags               map[string]string

	PartSize    int64          // Bucket: as in PutOptions
	Concurrency int            // Bucket: as in PutOptions
	Progress    func(Progress) // Bucket: as in PutOptions

	Token string // Store: CopyResult.Token of the call before
}

// SignOptions are the options of SignURL.
type SignOptions struct {
	Method  string        // GET, HEAD, PUT or DELETE; empty: GET
	Expires time.Duration // from now; 0: 15 minutes

	ContentType   string            // PUT: the request must carry it
	ContentLength int64             // PUT: the request must have it; 0: any
	Metadata      map[string]string // PUT: the request carries it
	IfAbsent      bool              // PUT: only if there is no such object

	VersionID           string // GET, HEAD: of a bucket that keeps versions
	ResponseContentType string // GET, HEAD: the answer's Content-Type
	ResponseDisposition string // GET, HEAD: the answer's Content-Disposition
}

// PartOptions are the options of a Store's PutPart.
type PartOptions struct {
	Offset int64 // where the part begins in the object
	Last   bool  // no part follows
}

// CopyPartOptions are the options of a Store's CopyPart.
type CopyPartOptions struct {
	PartOptions
	SourceOffset, SourceLength     int64 // the range of the source, in bytes
	SourceIfMatch, SourceVersionID string
}

// ListPartsOptions are the options of a Store's ListPartsPage.
type ListPartsOptions struct {
	PageSize  int
	PageToken string
}

// Options are the options of a Bucket. The zero value of each field means its default.
type Options struct {
	Retry RetryOptions

	// StallTimeout cuts an attempt in which no byte moves, in either direction, for this long, while connecting, sending,
	// waiting or receiving; it is then tried again. Default 30 s; Complete and Copy get 20 times as long. < 0: never.
	StallTimeout time.Duration

	// AbortTimeout is how long the clean-up after a failed or cancelled write may take. Default 5 s.
	AbortTimeout time.Duration

	// Memory is how many bytes the part buffers of all transfers of the Bucket may take together, beside one buffer for
	// each open Writer. Default 32 MiB.
	Memory int64

	// Concurrency is how many requests one transfer makes at once. Default 4.
	Concurrency int

	// PartSize is the size in bytes up to which an object goes up in one request, and the size of its parts above; it grows where
	// the service's limits ask for it. Default 8 MiB.
	PartSize int64

	// Bandwidth caps the bytes per second of all transfers of the Bucket together. 0: no cap.
	Bandwidth int64

	// TrustRefusals believes the refusal of a conditional write that nothing is in doubt about. By
	// default it costs a look at the object, since a proxy between here and the service may have
	// delivered the request twice, and refused the second one because of the first.
	TrustRefusals bool

	// PortableKeys refuses keys that are not portable (see PortableKey) for writes.
	PortableKeys bool

	// Tracer is told of calls and requests. nil: nobody is.
	Tracer Tracer
}

// RetryOptions bound the retries of a Bucket.
type RetryOptions struct {
	Attempts int           // per request, the first included. Default 4; 1: no retry
	MinDelay time.Duration // the ceiling of the first pause, which doubles; the pause is random below it. Default 100 ms
	MaxDelay time.Duration // the highest ceiling, and the longest Retry-After that is waited for. Default 20 s

	// Budget is how many retries the whole Bucket may make on credit; each request that succeeds at once earns a tenth
	// of one back. It keeps a service in trouble from being asked four times as often. Default 100; < 0: no limit.
	Budget int
}
