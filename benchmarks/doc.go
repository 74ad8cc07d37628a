// Command benchmarks measures this library beside its peers, and writes docs/benchmarks.md.
//
// Every measured program runs in a process of its own, against the same server. All figures of a
// row are of the same run; the document keeps the rows that a run does not measure.
// This library and the floors have a program without the peers, which is built at the beginning.
// The programs take turns, and the table has the medians. A server of this module and a proxy
// before it, each a process of its own too, stand for a distant service: a round-trip time, a cap
// on each connection, a cap on all connections together, slow requests and refused ones.
//
// Usage, in this directory:
//
//	go run . [-row NAMES] [-n RUNS] [-quick] [-subject NAMES] [-o FILE]
//
// `make bench` in the directory above runs all rows, or those that ROW names, and writes them.
package main
