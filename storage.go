package storage

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Store is what a driver implements: one bucket of one service. Programs use a [Bucket] around it.
//
// One method is one request where the service allows it. A Store does not retry, does not fall back, does not buffer
// streams and does not guess; all of that is Bucket's. It classifies its errors: each is an [*Error] with Kind, InDoubt and
// what the service said, and each method can answer [errors.ErrUnsupported] for an option that it cannot honour; an
// option is never ignored.
//
// What a Store is given: opts that are never nil and never changed by anyone during the call (it neither changes nor keeps
// them); a key that [Bucket] has checked; a body at offset 0 that can be sought and read again and holds exactly size
// bytes. A body that turns out shorter is io.ErrUnexpectedEOF, a longer one ErrInvalid, and nothing becomes visible.
// What it returns belongs to the caller. All methods may be called concurrently and honour their context at every wait.
//
// docs/contract.md has the numbered rules that a Store has to keep, with their reasons; package
// conformance checks them.
type Store interface {
	// Get opens the object, or the range of it that opts asks for, with one request and never a HEAD before it. The
	// result's Object describes the whole object. The caller closes Body, also while reads are under way in it.
	//
	// A suffix (Offset < 0) that the service has no request for is errors.ErrUnsupported. Errors: ErrNotExist (also with
	// IfMatch), ErrNotModified, ErrPrecondition, ErrRange.
	Get(ctx context.Context, key string, opts *GetOptions) (*GetResult, error)

	// Put writes the whole object in one atomic step and returns at least its Key and ETag. It returns nil only when the
	// object is durable and visible. IfAbsent refused is ErrExist, IfMatch refused (a missing object included) ErrPrecondition.
	Put(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *PutOptions) (*Object, error)

	// Stat describes the object in full. Errors as Get.
	Stat(ctx context.Context, key string, opts *StatOptions) (*Object, error)

	// Delete removes the object; a missing one is not an error, except with IfMatch, where it is ErrPrecondition. There is
	// never a HEAD before it.
	Delete(ctx context.Context, key string, opts *DeleteOptions) error

	// ListPage returns one page in the byte order of the keys, objects and common prefixes merged, both behind StartAfter.
	// A page may be short or empty: only an empty NextToken ends the list. PageToken wins over StartAfter.
	ListPage(ctx context.Context, opts *ListOptions) (*Page, error)
}

// Copier copies within the bucket, on the service's side.
type Copier interface {
	// Copy copies src to dst. A result with a Token is a copy under way: call again with CopyOptions.Token. A source that
	// is too large for one request is errors.ErrUnsupported: Bucket copies it in parts. A missing source is ErrNotExist, a
	// refused SourceIfMatch ErrPrecondition; where the service does not tell which side refused, it is the destination's
	// kind (ErrExist with IfAbsent). Without Replace the new object has the headers and the metadata of the source.
	Copy(ctx context.Context, dst, src string, opts *CopyOptions) (*CopyResult, error)
}

// Multipart writes an object in parts that become visible together.
type Multipart interface {
	// CreateUpload begins an upload. Conditions and Checksums in opts are for CompleteUpload.
	CreateUpload(ctx context.Context, key string, opts *PutOptions) (uploadID string, err error)

	// PutPart writes part number (from 1). The same number again replaces it.
	PutPart(ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64, opts *PartOptions) (*Part, error)

	// CopyPart writes a part from a range of an existing object, on the service's side where that can.
	CopyPart(ctx context.Context, key, uploadID string, number int, src string, opts *CopyPartOptions) (*Part, error)

	// CompleteUpload makes the object of the parts, in order of number, in one atomic step; opts is what CreateUpload was
	// given, and its conditions hold here. An upload that is not there is ErrNotExist, parts that another writer's commit
	// swept away are ErrChanged; a refused condition leaves the upload in place.
	CompleteUpload(ctx context.Context, key, uploadID string, parts []*Part, opts *PutOptions) (*Object, error)

	// AbortUpload drops an upload and its parts. A missing upload is not an error.
	AbortUpload(ctx context.Context, key, uploadID string) error

	// ListPartsPage lists the parts of an upload in order of number.
	ListPartsPage(ctx context.Context, key, uploadID string, opts *ListPartsOptions) (*PartPage, error)

	// ListUploadsPage lists the uploads that are neither complete nor aborted; Prefix, PageSize and PageToken are honoured.
	ListUploadsPage(ctx context.Context, opts *ListOptions) (*UploadPage, error)

	// PartLimits says what parts may be, for an object with these options. A zero Count: there is no multipart with them.
	PartLimits(opts *PutOptions) PartLimits
}

// BatchDeleter deletes many objects by one request.
type BatchDeleter interface {
	// DeleteBatch deletes at most MaxBatch keys. The result has one entry for each key, nil where it is gone; the error is
	// for the request as a whole, and then nothing is known of any key.
	DeleteBatch(ctx context.Context, keys []string, opts *DeleteBatchOptions) ([]error, error)

	// MaxBatch is the largest batch; 0: not supported.
	MaxBatch() int
}

// Signer makes URLs that carry their own permission.
type Signer interface {
	SignURL(ctx context.Context, key string, opts *SignOptions) (*SignedURL, error)
}

// KeyChecker tells which keys a driver takes for new objects.
type KeyChecker interface {
	// CheckKey returns an error that matches ErrInvalidKey for a key that a write would refuse. It makes
	// no request.
	CheckKey(key string) error
}

// FullStore is a Store with every optional capability. It grows in any release: implement it by embedding [Unsupported].
type FullStore interface {
	Store
	Copier
	Multipart
	BatchDeleter
	Signer
	Capable
	KeyChecker
	io.Closer
}

// GetResult is what Get of a Store returns.
type GetResult struct {
	Object *Object       // the whole object, ranged or not
	Body   io.ReadCloser // Length bytes from Offset; ends early only with an error, if at all it notices
	Offset int64         // where Body begins in the object
	Length int64         // the bytes that Body holds; -1 where only its io.EOF says, as does Object.Size then
}

// Part is one part of an upload.
type Part struct {
	Number    int       // from 1
	Size      int64     // bytes
	ETag      string    // the service's name for the part's content
	Checksums Checksums // of what was sent
}

// PartLimits are a service's rules for parts. Sizes are in bytes.
type PartLimits struct {
	Min       int64 // of every part but the last
	Max       int64 // of any part
	Multiple  int64 // every part but the last is a multiple of it; 0: any size
	MaxObject int64 // of the whole object; 0: unknown
	Count     int   // most parts; 0: multipart is not supported
	Parallel  bool  // parts may be sent at the same time and in any order
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
	Created time.Time // zero where the service does not say
}

// UploadPage is a page of a list of uploads. An empty NextToken ends the list.
type UploadPage struct {
	Uploads   []*Upload
	NextToken string
}

// CopyResult is what Copy of a Store returns: the new Object, or a Token to go on with.
type CopyResult struct {
	Object *Object
	Token  string
}

// SignedURL is a request that anyone may make until Expires: Method and URL, with Header sent exactly.
// The URL is a secret for as long as it lives.
type SignedURL struct {
	Method, URL string
	Header      map[string][]string // shaped like net/http.Header
	Expires     time.Time
}

// String names the method only: the URL is a secret.
func (u SignedURL) String() string { return u.Method + " (signed URL)" }

// GoString is String.
func (u SignedURL) GoString() string { return u.String() }

// Format prints String by every verb.
func (u SignedURL) Format(f fmt.State, _ rune) { io.WriteString(f, u.String()) }
