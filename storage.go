package storage

import (
	"context"
	"fmt"
	"hash"
	"io"
	"time"
)

// Store is what a driver implements: one bucket of one service. Programs use a [Bucket] around it.
//
// One method is one request where the service allows it. A Store does not retry, fall back, buffer
// streams or guess; Bucket does that. A Store classifies its errors: each is an [*Error] with Kind,
// InDoubt and what the service said. An option that the Store cannot honour is
// [errors.ErrUnsupported] and is never ignored. Options that are documented as used by Bucket are
// always zero in a Store.
//
// A Store is given options that are never nil and that nobody changes during the call; it neither
// changes nor keeps them. Bucket has checked the key. A body stands at offset 0, can be sought and
// read again, and should hold exactly size bytes. A shorter body is io.ErrUnexpectedEOF, a longer
// one is ErrInvalid, and neither becomes visible. Results belong to the caller. All methods may be
// called concurrently, and every wait in them ends when their context ends.
//
// docs/contract.md has the numbered rules that a Store has to keep, with their reasons. Package
// conformance checks them.
type Store interface {
	// Get opens the object, or the range that opts asks for, with one request and without a HEAD
	// before it. The result's Object describes the whole object. The caller closes Body, possibly
	// while another goroutine reads from it.
	//
	// A suffix (Offset < 0) is errors.ErrUnsupported if the service has no request for it. Errors:
	// ErrNotExist (also with IfMatch), ErrNotModified, ErrPrecondition, ErrRange.
	Get(ctx context.Context, key string, opts *GetOptions) (*GetResult, error)

	// Put writes the whole object in one atomic step and returns at least its Key and ETag. It
	// returns nil only when the object is durable and visible. If IfAbsent is refused, the error is
	// ErrExist. If IfMatch is refused, it is ErrPrecondition, also for a missing object.
	Put(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *PutOptions,
	) (*Object, error)

	// Stat describes one version of the object in full. Errors are those of Get.
	Stat(ctx context.Context, key string, opts *StatOptions) (*Object, error)

	// Delete removes the object, without a HEAD before it. A missing object is not an error, except
	// with IfMatch, where it is ErrPrecondition.
	Delete(ctx context.Context, key string, opts *DeleteOptions) error

	// ListPage returns one page of objects and common prefixes, merged in the byte order of their
	// keys. Both are limited to what sorts after StartAfter. A page may be short or empty: only an
	// empty NextToken ends the list. PageToken takes precedence over StartAfter.
	ListPage(ctx context.Context, opts *ListOptions) (*Page, error)
}

// Copier copies objects within the bucket, inside the service.
type Copier interface {
	// Copy copies src to dst. A result with a Token is a copy in progress: call again with
	// CopyOptions.Token. A source that is too large for one request is errors.ErrUnsupported, and
	// Bucket copies it in parts. A missing source is ErrNotExist. A refused SourceIfMatch is
	// ErrPrecondition. If the service does not tell which condition failed, the kind is that of the
	// destination (ErrExist with IfAbsent). Without Replace, the new object has the headers, the
	// metadata and the tags of the source. A Store that would lose the tags returns an error.
	Copy(ctx context.Context, dst, src string, opts *CopyOptions) (*CopyResult, error)
}

// Multipart writes an object in parts that become visible together.
type Multipart interface {
	// CreateUpload begins an upload. The conditions and Checksums in opts apply to CompleteUpload.
	CreateUpload(ctx context.Context, key string, opts *PutOptions) (uploadID string, err error)

	// PutPart writes the part with the given number, which is at least 1. Writing the same number
	// again replaces the part.
	PutPart(
		ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
		opts *PartOptions,
	) (*Part, error)

	// CopyPart writes a part from a range of an existing object, inside the service where possible.
	CopyPart(
		ctx context.Context, key, uploadID string, number int, src string, opts *CopyPartOptions,
	) (*Part, error)

	// CompleteUpload makes the object from the parts, in the order of their numbers, in one atomic
	// step. opts equals what CreateUpload was given, and its conditions are checked here. An upload
	// that does not exist is ErrNotExist. Parts that the commit of another writer removed are
	// ErrChanged. A refused condition leaves the upload in place.
	CompleteUpload(
		ctx context.Context, key, uploadID string, parts []*Part, opts *PutOptions,
	) (*Object, error)

	// AbortUpload drops an upload and its parts. A missing upload is not an error.
	AbortUpload(ctx context.Context, key, uploadID string) error

	// ListPartsPage lists the parts of an upload in the order of their numbers.
	ListPartsPage(
		ctx context.Context, key, uploadID string, opts *ListPartsOptions,
	) (*PartPage, error)

	// ListUploadsPage lists the uploads that are neither complete nor aborted. It honours Prefix,
	// PageSize and PageToken. Delimiter and StartAfter are errors.ErrUnsupported; Bucket never sets
	// them.
	ListUploadsPage(ctx context.Context, opts *ListOptions) (*UploadPage, error)

	// PartLimits returns the rules for the parts of an object with these options. A zero Count
	// means that such an object cannot be written in parts.
	PartLimits(opts *PutOptions) PartLimits
}

// PartSummer is implemented by a Store whose PutPart sends sums ahead of the bytes, and so reads a
// part twice.
type PartSummer interface {
	// SumPart returns the sums that PutPart of this part will need, as PartOptions.Checksums: none,
	// without a read, where PutPart makes them of the bytes on their way. Bucket calls it while
	// other parts are under way. It makes no request.
	SumPart(ctx context.Context, body io.ReadSeeker, size int64) (Checksums, error)
}

// BatchDeleter deletes many objects with one request.
type BatchDeleter interface {
	// DeleteBatch deletes at most MaxBatch keys. The result has one entry per key, which is nil if
	// the object is gone. The error is that of the whole request; if it is set, the outcome is
	// unknown for every key.
	DeleteBatch(ctx context.Context, keys []string, opts *DeleteBatchOptions) ([]error, error)

	// MaxBatch returns the size of the largest batch. 0 means that batches are not supported.
	MaxBatch() int
}

// Signer makes URLs that carry their own permission.
type Signer interface {
	// SignURL signs one kind of request for the object under key.
	SignURL(ctx context.Context, key string, opts *SignOptions) (*SignedURL, error)
}

// Tagger reads the tags of objects.
type Tagger interface {
	// Tags returns the tags of an object, nil or empty where it has none. A missing object is
	// ErrNotExist, and a refusal is ErrPermission.
	Tags(ctx context.Context, key string, opts *TagsOptions) (map[string]string, error)
}

// KeyChecker tells which keys a driver accepts for new objects.
type KeyChecker interface {
	// CheckKey returns an error that matches ErrInvalidKey for a key that a write would refuse. It
	// makes no request.
	CheckKey(key string) error
}

// FullStore is a Store with every optional capability. Any release may add to it, so implement it
// by embedding [Unsupported].
type FullStore interface {
	Store
	Copier
	Multipart
	BatchDeleter
	Signer
	Tagger
	Capable
	KeyChecker
	io.Closer
}

// GetResult is the result of Get of a Store.
type GetResult struct {
	// Object describes the whole object, also when a range was requested.
	Object *Object

	// Body yields Length bytes from Offset. A truncated body should fail with an error other than
	// io.EOF; Bucket checks the length in any case.
	Body io.ReadCloser

	Offset int64 // where Body begins in the object

	// Unproven says that Object.Checksums may be of other bytes, because another program can have
	// carried them over. Where they do not fit, Bucket calls Stat with ProveChecksums.
	Unproven bool

	// Classless says that the answer has no storage class although the object can have one, which
	// Stat tells.
	Classless bool

	// NewCRC64NVME makes a hash that is faster than that of the standard library, which needs a
	// second for a GiB. nil: there is none.
	NewCRC64NVME func() hash.Hash

	// Length is the number of bytes in Body; -1 if only its io.EOF tells. Object.Size is -1 then,
	// too.
	Length int64
}

// Part is one part of an upload.
type Part struct {
	Number    int       // at least 1
	Size      int64     // in bytes
	ETag      string    // the service's identifier of the part's content; opaque
	Checksums Checksums // of the bytes that were sent

	// Repeatable is a promise of PutPart: the same bytes, sent again under this number of this
	// upload, have the same ETag, so that CompleteUpload takes the part whichever arrives last. On
	// S3 an ETag that is the MD5 of the bytes is, and one of SSE-KMS is not. Only uploads with this
	// promise send a slow part twice (Options.NoHedging).
	Repeatable bool `json:"-"`
}

// PartLimits are a service's rules for parts. Sizes are in bytes.
type PartLimits struct {
	Min       int64 // smallest size of every part but the last
	Max       int64 // largest size of any part
	Multiple  int64 // every part but the last is a multiple of this; 0: any size
	MaxObject int64 // largest size of the whole object; 0: unknown
	Count     int   // largest number of parts; 0: multipart is not supported
	Parallel  bool  // parts may be sent at the same time and in any order; else only one part twice
	Equal     bool  // every part but the last has the same size
}

// PartPage is a page of a list of parts. An empty NextToken ends the list.
type PartPage struct {
	Parts     []*Part
	NextToken string
}

// Upload is a multipart upload that is neither complete nor aborted.
type Upload struct {
	Key, ID string
	Created time.Time // zero if the service does not tell
}

// UploadPage is a page of a list of uploads. An empty NextToken ends the list.
type UploadPage struct {
	Uploads   []*Upload
	NextToken string
}

// CopyResult is the result of Copy of a Store: the new Object, or a Token to continue with.
type CopyResult struct {
	Object *Object
	Token  string
}

// SignedURL is a request that anyone can make until Expires. The request must use Method and URL
// and send every field of Header unchanged. The URL is a secret until it expires.
type SignedURL struct {
	Method, URL string
	Header      map[string][]string // shaped like net/http.Header
	Expires     time.Time
}

// String returns the method without the URL, which is a secret.
func (u SignedURL) String() string { return u.Method + " (signed URL)" }

// GoString is String.
func (u SignedURL) GoString() string { return u.String() }

// Format prints String by every verb.
func (u SignedURL) Format(f fmt.State, _ rune) { io.WriteString(f, u.String()) }
