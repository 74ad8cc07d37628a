// Package memory keeps a bucket in memory. It is the reference driver: every rule of the contract
// in its plainest form, for tests, for caches, and for whoever writes a driver of their own.
//
// It has everything that package storage has a name for, except signed URLs (there is nobody to
// serve them): conditions on every path, multipart uploads, server-side copies, batches, tags,
// storage classes (kept as any text, with no effect), all six checksums (verified before anything
// is visible, and kept; CRC-32C always), and with Options.Versions the old versions of every
// object. Any key of 1 to 1,024 bytes of UTF-8 comes back unchanged. ETags are random and never
// repeat. A list gives no more than the services do: key, size, ETag, time, storage class, version.
//
// # URLs
//
// mem://name is a bucket shared by all who open that name in this process; mem:// is a fresh one
// each time. Named buckets live as long as the process: they are the one thing that this package
// keeps in a variable of its own.
//
// There is no client of a service below, so there is no Client method.
package memory
