// Package gocdk joins this library with the Go CDK (gocloud.dev/blob), both ways.
//
// [Bucket] serves a program written for the Go CDK: a *blob.Bucket whose storage is a
// *storage.Bucket. Such a program moves over by one line, and gets what the promises of package
// storage add: an upload whose source fails is not committed, errors have their codes, reads
// resume. Close of a blob.Writer still commits; cancel its context to abort, as the Go CDK has it.
//
// A URL is all that SignedURL returns: on Azure a PUT to it must also send "x-ms-blob-type:
// BlockBlob", as with the Go CDK's own driver.
//
// [Store] serves a program written for this library: a storage.Store whose storage is any
// *blob.Bucket. What the Go CDK has no word for (IfMatch, multipart uploads, storage classes, tags,
// suffixes, a content type that is not in the form of mime.FormatMediaType) is
// errors.ErrUnsupported there, its lists have storage.ETagNone, and an object that is written
// without a content type is application/octet-stream.
//
// # Keys and metadata
//
// The Go CDK takes any UTF-8 string as a key and as a metadata entry. Bucket encodes, reversibly,
// just what [storage.PortableKey] and the rules for metadata refuse. In keys a character becomes
// "__0x5c__", its number in hexadecimal, as in the Go CDK's own drivers, which encode other
// characters. Encoded keys sort by their encoded form. An object that some other program wrote
// under a key that Bucket would encode ("photos/", made by a console) is in lists, and is not
// found: a *storage.Bucket reads it, where its provider can.
package gocdk
