package driver

import (
	"maps"

	"github.com/polystore/storage"
)

// NewObject returns an object of size bytes with the headers, the metadata and the storage class
// that a write gives it, for drivers that keep such descriptions themselves. The metadata is a
// copy, nil where there is none. ETag, ModTime, Checksums and TagCount are the driver's to add.
func NewObject(key string, size int64, o *storage.PutOptions) *storage.Object {
	object := &storage.Object{
		Key: key, Size: size,
		ContentType: o.ContentType, ContentEncoding: o.ContentEncoding,
		ContentDisposition: o.ContentDisposition, ContentLanguage: o.ContentLanguage,
		CacheControl: o.CacheControl, StorageClass: o.StorageClass,
	}
	if len(o.Metadata) > 0 {
		object.Metadata = maps.Clone(o.Metadata)
	}
	return object
}

// CopyPutOptions returns what a copy with Replace writes, as the options of a Put: the headers,
// metadata, tags and class, and the conditions on the destination. Maps are shared with o.
func CopyPutOptions(o *storage.CopyOptions) *storage.PutOptions {
	return &storage.PutOptions{
		ContentType: o.ContentType, ContentEncoding: o.ContentEncoding,
		ContentDisposition: o.ContentDisposition, ContentLanguage: o.ContentLanguage,
		CacheControl: o.CacheControl, Metadata: o.Metadata, StorageClass: o.StorageClass,
		Tags: o.Tags, IfAbsent: o.IfAbsent, IfMatch: o.IfMatch,
	}
}
