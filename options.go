package storage

import "time"

// GetOptions are the options of Get, ReadAll, Download and DownloadFile. The zero value reads the
// whole current object.
type GetOptions struct {
	// Offset and Length select a range, in bytes. The zero values select the whole object, which is
	// never ErrRange.
	//
	// A negative Offset counts from the end and takes no Length: -n selects the last n bytes, or
	// the whole object if it is shorter. Length 0 means up to the end. A range that ends after the
	// end of the object yields the bytes that exist. A range that begins at or after the end is
	// ErrRange. A negative Length is ErrInvalid, as is a Length with a negative Offset. Use a
	// ReaderAt for computed ranges that can be empty.
	Offset, Length int64

	// IfMatch is an ETag: another version is ErrPrecondition, and a missing object is ErrNotExist.
	IfMatch string

	// IfNoneMatch is an ETag: this version is ErrNotModified.
	IfNoneMatch string

	// IfModifiedSince yields ErrNotModified unless the object was modified later. It is compared in
	// whole seconds and has no effect together with IfNoneMatch.
	IfModifiedSince time.Time

	// VersionID selects a version, in a bucket that keeps versions.
	VersionID string

	// Concurrency is the largest number of requests for ranges at once. Default:
	// Options.Concurrency. 1 reads by one request. A Reader begins with one request and makes more
	// when its consumer has kept up with it; with a Concurrency that is larger than 1 at once. Used
	// by Bucket; always zero in a Store.
	Concurrency int

	// VerifyHash also checks MD5, SHA-1 and SHA-256 on reads of the whole object, if the service
	// gives such a sum. A CRC is always checked. Used by Bucket; always false in a Store.
	VerifyHash bool

	// Progress is called when bytes have arrived. It must not block or close anything. Used by
	// Bucket; always nil in a Store.
	Progress func(Progress)

	// StateFile is the path of a file in which DownloadFile keeps what a later process needs to go
	// on: call it again with the same arguments after a failure, a kill or a crash, and it fetches
	// what is missing. A failure that a second call would get again removes the state, as success
	// does. If there is no such file, one is made.
	//
	// The bytes that are there are compared with sums in the state. If the object has changed
	// since, the download begins again: see Call.Restarted. Up to Options.PartSize bytes have no
	// state. A StateFile belongs to one call at a time. A file there that no transfer wrote is
	// ErrInvalid. ErrInvalid for other methods; always empty in a Store.
	StateFile string
}

// StatOptions are the options of Stat.
type StatOptions struct {
	IfMatch         string    // as in GetOptions
	IfNoneMatch     string    // as in GetOptions
	IfModifiedSince time.Time // as in GetOptions
	VersionID       string    // as in GetOptions

	// ProveChecksums leaves out of Object.Checksums what another program may have carried over from
	// other bytes. It costs requests only where the Store keeps sums in metadata (Azure): there a
	// sum is proven by the names of the object's blocks, or by reading the object.
	ProveChecksums bool
}

// TagsOptions are the options of Tags of a Store.
type TagsOptions struct {
	VersionID string // as in GetOptions
}

// PutOptions are the options of writing. A field that is not set is not set in the object either: a
// write keeps nothing of the object that it replaces. One without IfAbsent or IfMatch is done at
// least once: an attempt that was given up can still land, over a newer write of somebody else.
type PutOptions struct {
	ContentType        string // default: that of the service
	ContentEncoding    string // describes the bytes; this package neither encodes nor decodes
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string

	// Metadata is stored with the object. Names are converted to lower case and must then match
	// [a-z0-9][a-z0-9._-]*. Values are UTF-8 text without control characters. Every provider takes
	// 1 KiB of names and values in 16 entries and returns them unchanged.
	Metadata map[string]string

	StorageClass string            // the service's name of the class; default: that of the service
	Tags         map[string]string // labels that the service keeps beside the object

	// IfAbsent creates: exactly one of many concurrent writers succeeds, and the others get
	// ErrExist.
	//
	// IfAbsent and IfMatch report the true outcome. nil means that this write happened. ErrExist
	// and ErrPrecondition mean that it did not, also if the answer to one attempt was lost and a
	// later attempt was refused. If the outcome cannot be determined, the error is
	// ErrUnknownOutcome. For this purpose the write stores a random ID in a metadata entry, which
	// Bucket hides from callers.
	//
	// The guarantee rests on these assumptions. Between the attempts of one call, nobody deletes
	// the object, copies or undeletes an older version over it, writes an object with metadata
	// that it read before or, on S3, where the ETag is a hash of the content, writes its old bytes
	// again; our own write of the base's bytes included. No attempt that was given up arrives after
	// the call has returned. A Stat is as fresh as the write before it. Where a proxy delivers a
	// request twice, no write that drops our ID comes between that and the look. If the new object
	// is deleted between two attempts, it can be created twice. Credentials that may write but not
	// read cannot look: what is in doubt is ErrUnknownOutcome.
	//
	// A write that is refused costs one request more, the look; see Options.TrustRefusals.
	IfAbsent bool

	// IfMatch is an ETag: the write happens only if the object is still that version. Another
	// version and a missing object are ErrPrecondition. The guarantee and the assumptions are those
	// of IfAbsent. IfMatch and IfAbsent exclude each other.
	//
	// On S3, where the ETag is a hash of the content, equal bytes have equal ETags. Two writers of
	// the same bytes can both succeed, and a change of the metadata alone is not detected.
	IfMatch string

	// Checksums are sums of the whole object. They are verified before the object becomes visible.
	// A mismatch is ErrIntegrity.
	//
	// Whether Stat shows a sum afterwards depends on the service: see [Checksums].
	Checksums Checksums

	// Verified are the Checksums of an object in parts, which Bucket has verified. A Store keeps
	// those that its service has a field for, and drops the others. Used by a Store, at
	// CreateUpload and CompleteUpload; ErrInvalid in a Bucket.
	Verified Checksums

	// PartSize and Concurrency replace those of Options for this object. Used by Bucket; always
	// zero in a Store.
	PartSize    int64
	Concurrency int

	// Progress is called when the service has acknowledged bytes, by one goroutine at a time. It
	// must not block or close anything. Used by Bucket; always nil in a Store.
	Progress func(Progress)

	// StateFile is the path of a file in which UploadFile and PutReaderAt keep what a later process
	// needs to go on: call again with the same arguments after a failure, a kill or a crash, and
	// they send what the service lacks. A failure that a second call would get again aborts the
	// upload and removes the state; success removes it, too. After any other failure the upload
	// stays, and CleanUploads removes it when it is old. If there is no such file, one is made.
	//
	// The bytes that were sent are compared with the source by the sums of the parts. If the source
	// or the options have changed since, or the service no longer has the upload, the upload begins
	// again: see Call.Restarted. An object that goes up in one request has no state, nor has a
	// conditional write on Cloud Storage. With a state, Checksums are compared in a pass over the
	// source before the first part. A process that is killed just behind its success has removed
	// the state: another call begins anew, and IfAbsent then says ErrExist.
	//
	// The file gives access to the upload and is readable for its owner only. A StateFile belongs
	// to one call at a time. A file there that no transfer wrote is ErrInvalid. ErrInvalid for
	// other methods; always empty in a Store.
	StateFile string
}

// UpdateOptions are the options of UpdateWith.
type UpdateOptions struct {
	// Create has the headers, metadata, tags and storage class of an object that the update
	// creates, and tells how it is sent. Conditions and Checksums in it are ErrInvalid. nil means
	// the defaults.
	Create *PutOptions

	// AllowLoss names what the new object may lack of the old one: "tags", "class". It means the
	// same as in CopyOptions.
	AllowLoss []string
}

// ReaderAtOptions are the options of NewReaderAt. The zero value pins the current version.
type ReaderAtOptions struct {
	IfMatch         string    // as in GetOptions
	IfNoneMatch     string    // as in GetOptions
	IfModifiedSince time.Time // as in GetOptions
	VersionID       string    // as in GetOptions

	// BlockSize is the size of the blocks in which the object is read and cached, in bytes. ReadAt
	// requests every block that it touches and that is not cached. Default 1 MiB; at most
	// CacheSize. Small blocks suit small random reads. A negative value is ErrInvalid.
	BlockSize int64

	// CacheSize limits the cached blocks, in bytes. They also count in Options.Memory, of which all
	// ReaderAts together use at most half. A read that finds no memory makes a request for exactly
	// its range, as does one that is longer than a block and than a quarter of CacheSize. Default
	// 16 MiB or 4 blocks, whichever is more. A negative value disables the cache: every ReadAt is
	// one request.
	CacheSize int64

	// ReadAhead is the largest number of blocks that are requested ahead of sequential reads, at
	// most half of the cache. It begins with one block and doubles as the reads go on. Random reads
	// request none. Default 8. A negative value disables it.
	ReadAhead int

	// Tail is the size of the end of the object that is requested as a whole when the first read
	// in it comes, in bytes, at most half of CacheSize. Formats such as ZIP and Parquet have their
	// directory there. Default 512 KiB. A negative value disables it.
	Tail int64
}

// Progress tells how far a transfer is, in bytes. Done never decreases. When the transfer succeeds,
// the last Done is the number of bytes transferred.
type Progress struct {
	Done  int64 // acknowledged by the service, or received
	Total int64 // -1 while it is unknown
}

// DeleteOptions are the options of Delete.
type DeleteOptions struct {
	// IfMatch is an ETag: another version and a missing object are ErrPrecondition.
	//
	// A Delete that happened leaves nothing that could tell. If its answer is lost and the object
	// is gone, the error is ErrUnknownOutcome. If a proxy delivers it twice, the second delivery
	// finds no object, and the error is ErrPrecondition although the object was deleted by this
	// call. The assumptions are those of PutOptions.IfAbsent.
	IfMatch string
}

// DeleteManyOptions are the options of DeleteMany, DeletePrefix and DeleteListed.
type DeleteManyOptions struct {
	Concurrency int // requests in parallel; default: Options.Concurrency
	BatchSize   int // keys per request; the default and the maximum are what the driver takes
}

// CleanOptions are the options of CleanUploads.
type CleanOptions struct {
	Prefix string // only uploads whose key begins with it
}

// DeleteBatchOptions are the options of DeleteBatch of a Store. There are none yet.
type DeleteBatchOptions struct{}

// ListOptions are the options of listing. The zero value lists every object.
type ListOptions struct {
	Prefix string // only keys that begin with it

	// Delimiter groups keys that contain it after Prefix into one entry with IsPrefix. It can be
	// any string.
	Delimiter string

	StartAfter string // only keys and prefixes that sort after it
	PageSize   int    // largest number of entries in a page; default: that of the service
	PageToken  string // Page.NextToken of the page before; takes precedence over StartAfter

	// Concurrency is the number of pages that List requests at the same time. Where the Store can
	// (Capabilities.ListSplit), they are of different ranges of keys, which takes 5 to 60 % more
	// requests. Pages that wait for the reader count in Options.Memory. At first List is at
	// most Concurrency pages ahead, and more while the reader keeps up. 1 requests none ahead.
	// Default: Options.Concurrency, at most 8, and none ahead of the first page; 2 of one range
	// where that page comes within a millisecond. Used by Bucket; always zero in a Store.
	Concurrency int
}

// Page is one page of a list. An empty NextToken ends the list.
type Page struct {
	Objects   []*Object // in the byte order of their keys, common prefixes included
	NextToken string
}

// CopyOptions are the options of Copy. The zero value copies an object with its headers, metadata
// and tags.
type CopyOptions struct {
	IfAbsent bool   // as in PutOptions, for the destination
	IfMatch  string // as in PutOptions, for the destination

	// SourceIfMatch is an ETag: another version of the source is ErrPrecondition. It is no
	// condition on the destination. If a proxy delivers such a copy twice and the source changes in
	// between, the error is ErrPrecondition although the copy was made.
	SourceIfMatch string

	// SourceVersionID selects a version of the source, in a bucket that keeps versions.
	SourceVersionID string

	// Replace gives the copy the following fields in place of the source's. Without Replace they
	// must be empty, except StorageClass. A copy of an object onto itself keeps its tags and its
	// storage class where they are not given.
	Replace            bool
	ContentType        string
	ContentEncoding    string
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string
	Metadata           map[string]string
	StorageClass       string // also without Replace; default: that of the service
	Tags               map[string]string

	// AllowLoss names what the copy may lack although it should keep it: "tags", "class". Without
	// it, tags that may not be read or that the destination does not have, and a class that cannot
	// be set, are an error that names them, and nothing is written. Used by Bucket; always nil in a
	// Store.
	AllowLoss []string

	// PartSize, Concurrency and Progress are as in PutOptions. Used by Bucket; always zero in a
	// Store.
	PartSize    int64
	Concurrency int
	Progress    func(Progress)

	// Token continues a copy: it is CopyResult.Token of the call before. Used by a Store;
	// ErrInvalid in a Bucket.
	Token string
}

// SignOptions are the options of SignURL.
type SignOptions struct {
	Method  string        // GET, HEAD, PUT or DELETE; default: GET
	Expires time.Duration // how long the URL is valid; default: 15 minutes

	ContentType   string            // PUT: the request must have this type
	ContentLength int64             // PUT: the request must have this length; 0: any length
	Metadata      map[string]string // PUT: the request sets this metadata
	IfAbsent      bool              // PUT: the request fails if the object exists

	VersionID           string // GET, HEAD: a version, in a bucket that keeps versions
	ResponseContentType string // GET, HEAD: Content-Type of the response
	ResponseDisposition string // GET, HEAD: Content-Disposition of the response
}

// PartOptions are the options of PutPart of a Store.
type PartOptions struct {
	Offset int64 // where the part begins in the object
	Last   bool  // no part follows

	// Checksums are those that SumPart of a [PartSummer] returned for the part, or the sums of a
	// part that are known. A Store need not make them again. If they do not fit the bytes, the
	// error is ErrIntegrity, or they are ignored.
	Checksums Checksums
}

// CopyPartOptions are the options of CopyPart of a Store.
type CopyPartOptions struct {
	PartOptions
	SourceOffset, SourceLength     int64 // the range of the source, in bytes
	SourceIfMatch, SourceVersionID string
}

// ListPartsOptions are the options of ListPartsPage of a Store.
type ListPartsOptions struct {
	PageSize  int
	PageToken string
}

// Options are the options of a Bucket. A zero field means its default.
type Options struct {
	Retry RetryOptions

	// StallTimeout cancels an attempt in which no byte moves in either direction for this long,
	// while it connects, sends, waits or receives. The attempt is then retried. Default 30 s.
	// CompleteUpload and server-side copies get a second more for each 10 MiB and 10 ms for each
	// part, or 20 times StallTimeout where the size is not known. A negative value disables it.
	StallTimeout time.Duration

	// AbortTimeout limits the clean-up after a failed or cancelled write, which is retried for as
	// long, outside of Retry. Within it a call comes back after its context has ended, also if a
	// source blocks. Default 5 s.
	AbortTimeout time.Duration

	// Memory limits the part buffers of all transfers of the Bucket and the caches of its ReaderAts
	// together, in bytes. The caches use at most half of it. One buffer per open Writer is not
	// counted. A transfer that gets nothing goes on with one buffer or one request. Default 128
	// MiB.
	Memory int64

	// Concurrency is the largest number of requests that one transfer makes in parallel. How many
	// are made is found by measurement, for all transfers of the Bucket together. Default 32.
	Concurrency int

	// PartSize is the largest object that is sent in one request, in bytes, and the size of the
	// parts and ranges of larger objects. It grows if the service's limits require it. By default
	// the first is 8 MiB, parts have 4 to 8 MiB, but 5 at least on S3 and Cloud Storage, and ranges
	// 2 to 8 MiB.
	PartSize int64

	// Bandwidth limits all transfers of the Bucket together, in bytes per second. 0 means no limit.
	// What passes in a moment may be ahead of it by 100 ms.
	Bandwidth int64

	// NoHedging makes no request twice that is only slow. By default a read that takes three times
	// as long to its answer as half of them do is made once more, on another connection, and the
	// first answer counts. That is at most one request more for each 20, and none while the service
	// throttles or fails. So is a part of an upload that two parts beside it have overtaken, where
	// the Store gives the same bytes the same ETag (Part.Repeatable); it is one connection beyond
	// Concurrency at most. No other write is made twice for that. The rest of a range that is as
	// slow is asked for again, and the first request cut.
	NoHedging bool

	// TrustRefusals believes the refusal of a conditional write if no attempt before it is in
	// doubt. By default such a refusal costs one look at the object: a proxy between here and the
	// service may have delivered the request twice, and the second delivery is refused because of
	// the first.
	TrustRefusals bool

	// PortableKeys refuses to write keys that are not portable (see PortableKey).
	PortableKeys bool

	// Tracer is told of calls and requests. It can be nil.
	Tracer Tracer
}

// RetryOptions limit the retries of a Bucket.
type RetryOptions struct {
	Attempts int // per request, the first one included; default 4, and 1 disables retries

	// MinDelay is the upper bound of the first pause. The bound doubles with each attempt, and each
	// pause is random below it. Default 100 ms.
	MinDelay time.Duration

	// MaxDelay is the largest upper bound, and the longest Retry-After that is waited for. Default
	// 20 s.
	//
	// A Retry-After holds back all requests of the Bucket for its time, at most for MaxDelay. So
	// does a service that fails every request (ErrThrottled, ErrUnavailable). Then one request at a
	// time goes through, and the first that succeeds lets all others go. A request waits for about
	// MaxDelay at most, and then fails as the last one did, without having been made.
	MaxDelay time.Duration

	// Budget is the number of retries that all calls of the Bucket can make on credit. A request
	// that succeeds at the first attempt earns back a tenth of a retry. The budget prevents retries
	// from multiplying the load on a service in trouble. Default 100; a negative value means no
	// limit.
	Budget int
}
