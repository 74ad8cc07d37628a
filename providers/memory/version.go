package memory

import (
	"bytes"
	"time"

	"github.com/polystore/storage"
)

// version is one version of an object. Nothing in it changes once it is in a Store. There is one
// for each object, so it is small, and what most objects lack is elsewhere.
type version struct {
	etag    string
	data    []byte
	written int64 // in nanoseconds since 1970
	crc32c  [4]byte
	rare    *attributes // nil where there are none
}

// attributes are what a writer may say of an object.
type attributes struct {
	headers
	metadata pairs
	extra    *extra // nil where there are none
}

// extra is what few objects have.
type extra struct {
	tags pairs
	sums storage.Checksums // without the CRC32C
}

type headers struct {
	contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl string
	storageClass, versionID                                                         string
}

// attributes returns what is said of v, and may be nothing.
func (v *version) attributes() attributes {
	if v.rare == nil {
		return attributes{}
	}
	return *v.rare
}

func (v *version) setAttributes(a attributes) {
	v.rare = nil
	if a.headers != (headers{}) || a.metadata != nil || a.extra != nil {
		kept := a
		v.rare = &kept
	}
}

// describe returns the Object under key, the caller's own, in one allocation for most of them.
func (v *version) describe(key string) *storage.Object {
	all := new(struct {
		storage.Object
		crc32c [4]byte
	})
	o := &all.Object
	all.crc32c = v.crc32c
	o.Key, o.Size, o.ETag = key, int64(len(v.data)), v.etag
	o.ModTime = time.Unix(0, v.written).UTC()
	if a := v.rare; a != nil {
		o.ContentType, o.ContentEncoding = a.contentType, a.contentEncoding
		o.ContentDisposition, o.ContentLanguage = a.contentDisposition, a.contentLanguage
		o.CacheControl, o.StorageClass = a.cacheControl, a.storageClass
		o.VersionID, o.Metadata = a.versionID, a.metadata.clone()
		if a.extra != nil {
			o.TagCount, o.Checksums = len(a.extra.tags), ownSums(a.extra.sums)
		}
	}
	o.Checksums.CRC32C = all.crc32c[:]
	return o
}

// pairs is a map that is seldom asked: a small map takes ten times as much.
type pairs []pair

type pair struct{ name, value string }

func newPairs(m map[string]string) pairs {
	if len(m) == 0 {
		return nil
	}
	p := make(pairs, 0, len(m))
	for name, value := range m {
		p = append(p, pair{name, value})
	}
	return p
}

// clone returns the map, nil if it is empty.
func (p pairs) clone() map[string]string {
	if p == nil {
		return nil
	}
	m := make(map[string]string, len(p))
	for _, e := range p {
		m[e.name] = e.value
	}
	return m
}

// ownSums returns a copy that shares no bytes with c.
func ownSums(c storage.Checksums) storage.Checksums {
	for _, sum := range [...]*[]byte{
		&c.CRC32, &c.CRC32C, &c.CRC64NVME, &c.MD5, &c.SHA1, &c.SHA256,
	} {
		*sum = bytes.Clone(*sum)
	}
	return c
}
