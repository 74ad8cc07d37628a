// Package driver helps to write a driver: a [storage.Store] for a service, a database, a disk.
//
// Everything in it is what a driver needs because of the contract and not because of its service:
// the range of a read, the conditions of reads and writes, a body that ends with its context, a
// source of exactly the announced size, checksums, the pages of a list, the form of an ETag,
// metadata in headers, errors that say what is wrong. A driver uses the parts that fit; none of
// them needs another.
//
// The package links the standard library alone and no net/http. Drivers whose service speaks HTTP
// find the rest in package httpdriver below it.
//
// Functions that refuse something return a [*storage.Error], ready to be returned by a method of
// Store as it is.
package driver
