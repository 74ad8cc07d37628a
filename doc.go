// Package storage stores objects in S3, Google Cloud Storage, Azure Blob Storage, a directory or
// memory. A program holds one value, [*Bucket], which makes the same promises on each of them. The
// promises are the numbered rules of docs/contract.md. Package conformance checks them against any
// driver and any live bucket.
//
// # Use
//
// A program imports the providers that it needs and opens a bucket by URL:
//
//	import (
//		"github.com/polystore/storage"
//		_ "github.com/polystore/storage/providers/s3"
//	)
//
//	b, err := storage.Open(ctx, "s3://bucket/prefix?region=eu-west-1")
//	if err != nil {
//		return err
//	}
//	defer b.Close()
//	o, err := b.Put(ctx, "report.csv", r, &storage.PutOptions{ContentType: "text/csv"})
//	data, err := b.ReadAll(ctx, "report.csv", nil)
//
// [OpenWith] takes [Options] as well: retries, memory, bandwidth, a Tracer. [New] makes a Bucket of
// a Store that the program has created itself. Options are structs passed by pointer. A nil pointer
// and a zero field mean the default.
//
// [Bucket.Prefix] returns a view in which every key has a prefix. A view is a convenience and no
// boundary between tenants: Store() returns the Store of the whole bucket.
//
// # Model
//
// A Bucket holds objects under keys. A key is a string of up to 1,024 bytes of UTF-8. No character
// is special, except that a list can group keys by a delimiter. [PortableKey] tells which keys work
// on every provider. Any other key comes back byte for byte, or is refused with [ErrInvalidKey]
// before anything is sent. These rules are for writes: objects of other programs can be read,
// copied and deleted under every key that the service can be asked for. [Bucket.CheckKey] asks the
// driver in advance. [Bucket.StoreKey] returns the key as the service knows it, for requests made
// with the service's own client.
//
// An object consists of bytes, headers and metadata. They are written together and replaced
// together: a write keeps nothing of the object that it replaces. The exceptions are
// [Bucket.Update], which keeps headers and metadata, and [Bucket.Copy], which copies them.
//
// A write is atomic: a reader sees the old object or the new one. When Put, Commit or Copy returns
// nil, the object is durable, and every read and list that starts afterwards sees it. A write that
// fails leaves the old object in place and removes its parts. If the error has InDoubt set, the
// whole new object may be there instead, but never a part of it.
//
// Only io.EOF ends a source. A source that fails, a cancelled context and a [Writer] that is closed
// without Commit write nothing. Closing without Commit returns [ErrNotCommitted], so a forgotten
// Commit is an error. [Bucket.WriteAll] writes a byte slice.
//
// A read sees one version. When a connection breaks, the [Reader] resumes where it stopped and asks
// for the version that it started with. If that version is gone, the error is [ErrChanged]. A short
// body is never a success. A read of the whole object is checked against the CRC that the service
// keeps.
//
// # Conditions
//
// The ETag is the version token. Put, Get, Stat, List and Copy return it, and IfMatch takes it, on
// every provider. It is an HTTP entity tag with its quotes and is otherwise opaque. Conditions also
// accept the tag without quotes.
//
// With PutOptions.IfAbsent, exactly one of many writers creates an object. With IfMatch, an object
// is replaced only if it is still the one that was read. [Bucket.Update] reads, changes and writes
// an object in a loop with these conditions. [Bucket.UpdateWith] also sets the headers of an object
// that the update creates.
//
// A conditional write reports its true outcome. A service can carry out a request and its answer
// can get lost. The next attempt is then refused because the first one succeeded. This package
// finds out: nil means that this write happened, [ErrExist] and [ErrPrecondition] mean that it did
// not. If the outcome cannot be determined, the error is [ErrUnknownOutcome]. The assumptions
// behind this guarantee are listed under PutOptions.IfAbsent. For this purpose every conditional
// write, and every object that is sent in parts, has an entry of metadata, polystorewrite, of
// less than 130 bytes. Bucket hides it; other programs see it.
//
// A Put without a condition is at least once. If its answer is lost, it is sent again, and an
// attempt that was given up can still arrive later and replace a newer object. Use a condition
// where that matters.
//
// # Errors
//
// Every error of a method is an [*Error], but for the io.EOF of a read. Its Kind is a sentinel of
// this package, [errors.ErrUnsupported] or nil. Test for a kind with errors.Is:
//
//	if errors.Is(err, storage.ErrNotExist) { … }
//
// ErrNotExist, ErrExist, ErrPermission, ErrClosed and ErrInvalid are those of io/fs. errors.Is and
// errors.As also find the error of a source, of a context and of an SDK. [Bucket.DeleteMany],
// [Bucket.DeletePrefix] and [Bucket.DeleteListed] name the keys that failed in a [*DeleteError].
// No error contains a credential or a signed URL.
//
// A request is retried if the service throttles it, fails or cannot be reached. The number of
// attempts is bounded, the pauses are random, and all calls of a Bucket share a retry budget. No
// retry goes past the context's deadline. Drivers and SDKs do not retry.
//
// # Consistency and concurrency
//
// The methods of a Bucket may be called concurrently. Every wait ends when the context ends. After
// a write is cancelled, its clean-up takes at most Options.AbortTimeout. No goroutine outlives its
// call, or the Close of the Reader or Writer that it works for. The one exception is a source whose
// Read does not return: it is abandoned, and must not be used again until that Read has returned.
//
// Reads and lists see every write that was acknowledged before they started. With the file provider
// they can also see a write whose process was killed before it was acknowledged; a power failure
// can take back such a write.
//
// This package does not log. The only state outside of its values is [DefaultMux] and a pool of
// copy buffers.
//
// # Capabilities
//
// Services differ. What a Store cannot do it refuses with [errors.ErrUnsupported]; it never ignores
// an option. [Bucket.Capabilities] tells in advance and without a request what a Store can do.
// Bucket makes up for some of it: it copies through the program where the service cannot copy, and
// sends an object in one request where there are no multipart uploads.
//
// # Tracing
//
// Options.Tracer is told when each call and each request starts and ends, with duration, bytes,
// attempt, status and request ID. The context that a [Tracer] returns is passed on to the driver,
// so that spans nest. [LogTracer] writes the same to a slog.Logger.
//
// # Writing a driver
//
// A driver implements [Store]: five methods, each of which is one request. It implements as many of
// [Copier], [Multipart], [BatchDeleter], [Signer], [KeyChecker] and io.Closer as the service
// allows, and embeds [Unsupported] for the rest. It tells what it can do with [Capable]. It
// classifies its errors (Kind, InDoubt) and leaves everything else to Bucket. docs/driver.md is a
// guided tour, and the suite in package conformance tells when the driver is done.
//
// # Writing a wrapper
//
// A wrapper is a Store around a Store. It keeps [Full] of the inner Store in a field and forwards
// what it does not change. It embeds [Unsupported], so that it refuses a capability of a later
// release instead of bypassing itself, and never embeds a Store. It has methods Capabilities, which
// tells what the wrapper as a whole can do, and Unwrap() Store.
package storage
