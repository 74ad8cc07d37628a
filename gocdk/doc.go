// Package gocdk joins this library with the Go CDK (gocloud.dev/blob), both ways.
//
// [Bucket] serves a program written for the Go CDK: a *blob.Bucket whose storage is a
// *storage.Bucket. Such a program changes one line, and gets the guarantees of package storage: an
// upload whose source fails is not committed, errors have their codes, and reads resume. Close of a
// blob.Writer still commits. Cancel its context to abort, as always in the Go CDK.
//
// SignedURL returns only a URL. On Azure, a PUT to it must also send "x-ms-blob-type: BlockBlob",
// as with the Go CDK's own driver.
//
// [Store] serves a program written for this library: a storage.Store whose storage is any
// *blob.Bucket. Features that the Go CDK does not have are errors.ErrUnsupported: IfMatch,
// multipart uploads, storage classes, tags, suffixes, and a content type that is not in the form of
// mime.FormatMediaType. Lists have storage.ETagNone. An object that is written without a content
// type is application/octet-stream.
//
// # Keys and metadata
//
// The Go CDK takes any UTF-8 string as a key and as a metadata entry. Bucket encodes, reversibly,
// only what [storage.PortableKey] and the rules for metadata refuse. In keys a character becomes
// "__0x5c__", its number in hexadecimal. The Go CDK's own drivers use the same form for other
// characters. Encoded keys sort by their encoded form. An object that another program wrote under a
// key that Bucket would encode ("photos/", made by a console) is found, too, if there is none under
// the encoded key. That costs a second request.
//
// Where a Store lists in no order (directory buckets of S3), lists have none either. A delimiter
// other than "/" may cost a request for each key there.
package gocdk
