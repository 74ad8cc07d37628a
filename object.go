package storage

import "time"

// ETagNone is the ETag of an object whose ETag is unknown or has been replaced already. It matches nothing, so that
// `IfMatch: o.ETag` never turns into an unconditional write.
const ETagNone = "(none)"

// Object describes an object, or, with IsPrefix, a common prefix of a delimited list.
//
// Get and Stat fill every field that the service knows; List fills Key, Size, ETag, ModTime and what the service lists for
// free; the answers to writes fill Key, ETag, and Size and VersionID where the service tells.
type Object struct {
	Key       string
	Size      int64     // bytes as stored; -1 where a write's answer does not say
	ETag      string    // opaque, never empty except on a prefix: what IfMatch and IfNoneMatch take. ETagNone where it is unknown
	VersionID string    // empty where the bucket keeps no versions
	ModTime   time.Time // zero where a write's answer does not say

	ContentType        string
	ContentEncoding    string
	ContentDisposition string
	ContentLanguage    string
	CacheControl       string
	Metadata           map[string]string // names in lower case; nil where there is none
	StorageClass       string            // the service's own name for it; may be empty for the default

	Checksums Checksums
	IsPrefix  bool // a common prefix: only Key is set
}

// Checksums are sums over all bytes of an object as stored, in the byte order in which they are usually printed
// (big-endian). nil: not known. CRC64NVME is the CRC-64 of NVMe, check value ae8b14860a799888.
type Checksums struct {
	CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256 []byte
}

// IsZero reports whether no sum is known.
func (c Checksums) IsZero() bool {
	return c.CRC32 == nil && c.CRC32C == nil && c.CRC64NVME == nil && c.MD5 == nil && c.SHA1 == nil && c.SHA256 == nil
}

// check refuses sums of the wrong length.
func (c Checksums) check() error {
	for _, a := range algorithms {
		if sum, size := *a.of(&c), a.new().Size(); sum != nil && len(sum) != size {
			return invalid("%s has %d bytes, not %d", a.name, len(sum), size)
		}
	}
	return nil
}

// headers is what an object carries beside its bytes and what a write puts in place: the fields that Object, PutOptions
// and CopyOptions have in common.
type headers struct {
	ContentType, ContentEncoding, ContentDisposition, ContentLanguage, CacheControl string
	Metadata                                                                        map[string]string
	StorageClass                                                                    string
}

func (o *Object) headers() headers {
	return headers{o.ContentType, o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl, o.Metadata, o.StorageClass}
}
