package storage

import "time"

// Object describes an object. With IsPrefix it describes a common prefix of a delimited list.
//
// Get and Stat fill every field that the service knows. List fills Key, Size, ETag, ModTime and
// what the service includes in its lists. Writes fill Key and ETag, and Size and VersionID if the
// service tells them.
type Object struct {
	Key string `json:"key"`

	// Size is in bytes, as stored; -1 where an answer does not say.
	Size int64 `json:"size"`

	// ETag identifies the version; IfMatch and IfNoneMatch take it. It is an HTTP entity tag with
	// its quotes and is otherwise opaque. It is never empty, except for a prefix. ETagNone means
	// that it is unknown.
	ETag      string    `json:"etag,omitempty"`
	VersionID string    `json:"versionId,omitempty"` // empty where the bucket keeps no versions
	ModTime   time.Time `json:"modTime,omitzero"`    // zero where a write's answer does not say

	ContentType        string            `json:"contentType,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`     // names in lower case
	StorageClass       string            `json:"storageClass,omitempty"` // empty: the default

	// TagCount is the number of tags, of Get and Stat; -1 where an answer does not say. S3 counts
	// the tags only for who may read them.
	TagCount int `json:"tagCount,omitempty"`

	Checksums Checksums `json:"checksums,omitzero"`
	IsPrefix  bool      `json:"isPrefix,omitempty"` // a common prefix: only Key is set
}
