// Package driver helps to write a driver: a [storage.Store] for a service, a database or a disk.
//
// It has what every driver needs to keep the contract, whatever its service is: the range of a
// read, the conditions of reads and writes, a body that ends with its context, a source of exactly
// the announced size, checksums, the pages of a list, the form of an ETag, metadata in headers, and
// errors that say what is wrong. A driver uses the parts that fit. No part needs another.
//
// The package links only the standard library, without net/http. Package httpdriver has the rest
// for drivers whose service speaks HTTP.
//
// Functions that refuse something return a [*storage.Error], ready to be returned by a method of
// Store as it is.
package driver
