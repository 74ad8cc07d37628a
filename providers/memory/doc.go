// Package memory keeps a bucket in memory. It is the reference driver: it implements every rule of
// the contract in its plainest form. It is meant for tests, for caches, and as a model for drivers.
//
// It supports everything in package storage except signed URLs, which need a server: conditions,
// multipart uploads, server-side copies, batches, tags, storage classes (any text, without effect)
// and all six checksums. Checksums are verified before an object becomes visible, and are kept with
// it; CRC-32C is always computed. With Options.Versions, old versions are kept, too. Any key of 1
// to 1,024 bytes of UTF-8 is kept unchanged. ETags are random and never repeat. A list gives what
// the services give: key, size, ETag, time, storage class and version.
//
// # URLs
//
// mem://name is a bucket that all who open that name in this process share. mem:// is a new bucket
// each time. Named buckets live as long as the process. They are the only state that this package
// keeps in a variable.
//
// Store has no Client method, because there is no client of a service.
package memory
