// Package storage gives a Go program one value, [*Bucket], for objects in S3, Google Cloud Storage, Azure Blob, a directory
// or memory, with the same promises on each of them. The promises are checked by package conformance, against
// any driver and any live bucket.
//
// # Use
//
// A program imports the providers it wants and opens a bucket by URL:
//
//	import (
//		"github.com/polystore/storage"
//		_ "github.com/polystore/storage/providers/s3"
//	)
//
//	b, err := storage.Open(ctx, "s3://bucket/prefix?region=eu-west-1")
//	defer b.Close()
//	o, err := b.Put(ctx, "report.csv", r, &storage.PutOptions{ContentType: "text/csv"})
//	data, err := b.ReadAll(ctx, "report.csv", nil)
//
// or makes a driver's Store itself and calls [New]. Options are structs passed by pointer; nil and zero fields mean the
// defaults.
//
// # Model
//
// A Bucket holds objects under keys. A key is a string of up to 1024 bytes of UTF-8; nothing in it is special but the
// delimiter that a list is asked to roll up by. [PortableKey] tells which keys work on every provider; any other key comes
// back byte for byte, or is refused with [ErrInvalidKey] before anything is sent. An object is bytes, headers and metadata,
// which are written together and replaced together: overwriting leaves nothing of the old object.
//
// A write is atomic: a reader sees the old object or the new one. When Put, Commit or Copy return nil, the object is
// durable, and every read and list that begins afterwards sees it. When they fail for certain, what was there before is
// still there, and the parts of the attempt are gone; a failure with Error.InDoubt may leave the whole new object, never a
// part of it. Only io.EOF ends a source; a source that fails, a cancelled context and a [Writer] that is closed without
// Commit write nothing.
//
// A read is of one version. When a connection breaks, the [Reader] goes on where it stopped, held to the version that it
// began with. A short body is never a success, and a checksum that the service keeps is checked on whole reads.
//
// # Conditions
//
// ETag is the one version token: what Put, Get, Stat, List and Copy return is what IfMatch takes, on every provider, and it
// is opaque. With PutOptions.IfAbsent exactly one of many writers creates an object; with IfMatch an object is replaced
// only if it is still the one that was read. [Bucket.Update] makes a loop of both.
//
// A conditional write tells the truth about itself. A request can be carried out and its answer be lost; the next attempt
// is then refused because of the first one's success. This package finds out: nil means that this write happened,
// [ErrExist] and [ErrPrecondition] that it did not. What cannot be found out is [ErrUnknownOutcome]. What this assumes
// stands at [PutOptions].
//
// # Errors
//
// Every error is an [*Error], whose Kind is one of the sentinels of this package. Test with errors.Is:
//
//	if errors.Is(err, storage.ErrNotExist) { … }
//
// ErrNotExist, ErrExist, ErrPermission, ErrClosed and ErrInvalid are those of io/fs. A source's own error, a cancelled context and
// an SDK's error are found with errors.Is and errors.As, too. No error shows a credential or a signed URL.
//
// Requests that failed without being answered, or that the service asks to repeat, are tried again: a bounded number of times, with
// random pauses, on a budget that the Bucket's calls share, never past the context's deadline. There is one such loop, here;
// drivers and SDKs do not retry.
//
// # Consistency and concurrency
//
// The methods of a Bucket may be called concurrently. Every call honours its context at every wait; a
// cancelled write cleans up behind itself for at most Options.AbortTimeout. No goroutine outlives its call, or the Close of the Reader
// or Writer it works for. This package prints nothing and keeps no state outside its values but the table of schemes.
//
// # Writing a driver
//
// A driver implements [Store], five methods that are one request each, and what it can of [Copier], [Multipart],
// [BatchDeleter], [Signer] and io.Closer. It classifies its errors (Kind, InDoubt) and leaves everything else to Bucket.
// [Unsupported] stands in for what it lacks. docs/driver.md leads through it; the suite in package conformance says when
// it is done.
//
// # Writing a wrapper
//
// A wrapper is a Store around a Store. It holds [Full] of the inner one in a field, forwards what it does not change, embeds
// [Unsupported] so that capabilities of later releases are refused rather than bypassed, and has a method Unwrap() Store. It never
// embeds a Store.
package storage
