package gcsfake

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"time"
)

// object is one generation. Once committed it is never changed, only replaced by a changed copy:
// who holds one may read it without a lock.
type object struct {
	attributes

	bucket, name   string
	generation     int64
	metageneration int64
	data           []byte
	crc32c         uint32
	// nil: Google keeps none for composite objects and XML multipart uploads (hashes-etags)
	md5        []byte
	components int64 // of a composite object, else 0

	created, updated, classUpdated time.Time
	deleted                        time.Time // when it became noncurrent
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newObject returns an object that is not committed, with the hashes of data.
func newObject(name string, data []byte, a attributes) *object {
	o := newComposite(name, data, a)
	sum := md5.Sum(data)
	o.md5 = sum[:]
	return o
}

// newComposite is newObject for one that was put together, and has no MD5.
func newComposite(name string, data []byte, a attributes) *object {
	return &object{name: name, data: data, crc32c: crc32.Checksum(data, castagnoli), attributes: a}
}

// base64CRC32C is the CRC as Google writes it: big-endian, in base64 (hashes-etags).
func (o *object) base64CRC32C() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, o.crc32c))
}

func (o *object) base64MD5() string { return base64.StdEncoding.EncodeToString(o.md5) }

// etag is the one of the JSON API. It says nothing of the content, and changes with the
// metageneration (hashes-etags).
func (o *object) etag() string {
	b := binary.AppendUvarint([]byte{0x08}, uint64(o.generation))
	b = binary.AppendUvarint(append(b, 0x10), uint64(o.metageneration))
	return base64.StdEncoding.EncodeToString(b)
}

// xmlETag is the one of the XML API, without its quotes: the MD5 in hexadecimal where there is one
// (hashes-etags).
func (o *object) xmlETag() string {
	if o.md5 == nil {
		return "-" + o.etag()
	}
	return hex.EncodeToString(o.md5)
}

// held is the error of an object that a hold protects from being replaced and deleted
// (object-holds); o may be nil.
func (o *object) held() error {
	if o == nil || !o.temporaryHold && !o.eventBasedHold {
		return nil
	}
	kind := "Temporary"
	if o.eventBasedHold {
		kind = "Event-Based"
	}
	return &apiError{status: 403, reason: "forbidden", code: "ObjectUnderActiveHold",
		message: fmt.Sprintf("Object '%s/%s' is under active %s hold and cannot be deleted, "+
			"overwritten or archived until hold is removed.",
			o.bucket, o.name, kind)}
}
