// Package gocdk joins this library with the Go CDK (gocloud.dev/blob), both ways.
//
// [Bucket] serves a program written for the Go CDK: a *blob.Bucket whose storage is a *storage.Bucket. Such a program moves over by
// one line, and gets what the promises of package storage add: an upload whose source fails is not committed, errors have
// their codes, reads resume. Close of a blob.Writer still commits; cancel its context to abort, as the Go CDK has it.
//
// [Store] serves a program written for this library: a storage.Store whose storage is any *blob.Bucket. What the Go CDK
// has no word for (IfMatch, multipart uploads, storage classes, tags, suffixes, a content type that is not in the form of
// mime.FormatMediaType) is errors.ErrUnsupported there, and its lists have storage.ETagNone.
//
// # Keys and metadata
//
// The Go CDK takes any UTF-8 string as a key and as a metadata entry. Bucket encodes, reversibly, just what
// [storage.PortableKey] and the rules for metadata refuse. In keys a character becomes "__0x5c__", its number in
// hexadecimal, as in the Go CDK's own drivers. Encoded keys sort by their encoded form.
package gocdk
