package storage

import "time"

// Object describes an object, or, with IsPrefix, a common prefix of a delimited list.
//
// Get and Stat fill every field that the service knows; List fills Key, Size, ETag, ModTime and what the service lists for
// free; the answers to writes fill Key, ETag, and Size and VersionID where the service tells.
type Object struct {
	Key string `json:"key"`

	// Size is in bytes, as stored; -1 where an answer does not say.
	Size int64 `json:"size"`

	// ETag is the version token: what IfMatch and IfNoneMatch take. It is an HTTP entity tag with its
	// quotes, is otherwise opaque, and is never empty except on a prefix. ETagNone: unknown.
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

	Checksums Checksums `json:"checksums,omitzero"`
	IsPrefix  bool      `json:"isPrefix,omitempty"` // a common prefix: only Key is set
}
