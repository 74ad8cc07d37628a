package file

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"github.com/polystore/storage"
)

// attrs is what an object has beside its bytes and its name. ETag, Size and ModTime also say which
// bytes it belongs to: where size or modification time of the file differ, another program wrote
// the file, and attrs is void. That is reliable because the driver gives every file a modification
// time of its own making, in nanoseconds, that no write would leave.
//
// The names in JSON are those of earlier versions, whose attributes are still read.
type attrs struct {
	ETag    string `json:"e"`
	Size    int64  `json:"s"`
	ModTime int64  `json:"t"` // nanoseconds since 1970

	Key string `json:"-"` // in a sidecar: whose it is

	ContentType        string            `json:"ct,omitempty"`
	ContentEncoding    string            `json:"ce,omitempty"`
	ContentDisposition string            `json:"cd,omitempty"`
	ContentLanguage    string            `json:"cl,omitempty"`
	CacheControl       string            `json:"cc,omitempty"`
	Metadata           map[string]string `json:"m,omitempty"`
	Tags               map[string]string `json:"g,omitempty"`

	CRC32     []byte `json:"c1,omitempty"`
	CRC32C    []byte `json:"c2,omitempty"`
	CRC64NVME []byte `json:"c3,omitempty"`
	MD5       []byte `json:"h1,omitempty"`
	SHA1      []byte `json:"h2,omitempty"`
	SHA256    []byte `json:"h3,omitempty"`
}

// sums has the fields of attrs that are sums, as storage.Checksums has them: the compiler says
// where one is missing.
type sums struct{ CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256 []byte }

func (a *attrs) setSums(c storage.Checksums) {
	s := sums(c)
	a.CRC32, a.CRC32C, a.CRC64NVME = s.CRC32, s.CRC32C, s.CRC64NVME
	a.MD5, a.SHA1, a.SHA256 = s.MD5, s.SHA1, s.SHA256
}

func (a *attrs) sums() storage.Checksums {
	return storage.Checksums(sums{a.CRC32, a.CRC32C, a.CRC64NVME, a.MD5, a.SHA1, a.SHA256})
}

// newETag returns an ETag of 128 random bits: no two writes ever have the same one, whatever their
// bytes.
func newETag() string {
	id := newID()
	return etagOf(id[:])
}

// etagOf is the ETag of 16 bytes.
func etagOf(id []byte) string {
	var etag [34]byte
	etag[0], etag[33] = '"', '"'
	hex.Encode(etag[1:33], id)
	return string(etag[:])
}

// nameSize is the length of what newName returns.
const nameSize = 32

// newName returns 128 random bits in hexadecimal.
func newName() string {
	id := newID()
	return hex.EncodeToString(id[:])
}

func newID() (id [16]byte) {
	rand.Read(id[:]) // never fails
	return id
}

// attrsOfPut is what a write with opts puts in place.
func attrsOfPut(opts *storage.PutOptions) *attrs {
	return &attrs{
		ETag:               newETag(),
		ContentType:        opts.ContentType,
		ContentEncoding:    opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition,
		ContentLanguage:    opts.ContentLanguage,
		CacheControl:       opts.CacheControl,
		Metadata:           owned(opts.Metadata),
		Tags:               owned(opts.Tags),
	}
}

// owned returns a copy of m that nobody else has; nil if m is empty.
func owned(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

// foreign is what a file has that another program wrote: an ETag that stays until the file changes,
// and nothing else. The ctime is in it, too: programs that copy files (rsync -t, tar) set the other
// time back.
func foreign(fi fs.FileInfo) *attrs {
	return &attrs{
		ETag: fmt.Sprintf(`"%x-%x-%x-%x"`,
			inode(fi), fi.Size(), fi.ModTime().UnixNano(), ctime(fi)),
		Size:    fi.Size(),
		ModTime: fi.ModTime().UnixNano(),
	}
}

// of reports whether a belongs to the bytes of the file that fi describes.
func (a *attrs) of(fi fs.FileInfo) bool {
	return a.ETag != "" && a.Size == fi.Size() && a.ModTime == fi.ModTime().UnixNano()
}

// object describes the object key.
func (a *attrs) object(key string) *storage.Object {
	return &storage.Object{
		Key:                key,
		Size:               a.Size,
		ETag:               a.ETag,
		ModTime:            time.Unix(0, a.ModTime).UTC(),
		ContentType:        a.ContentType,
		ContentEncoding:    a.ContentEncoding,
		ContentDisposition: a.ContentDisposition,
		ContentLanguage:    a.ContentLanguage,
		CacheControl:       a.CacheControl,
		Metadata:           a.Metadata,
		TagCount:           len(a.Tags),
		Checksums:          a.sums(),
	}
}

// listed describes the object key for a list: without metadata, which the other services do not
// list either.
func (a *attrs) listed(key string) *storage.Object {
	o := a.object(key)
	o.Metadata, o.TagCount = nil, 0
	return o
}
