package main

import (
	"slices"
	"time"

	"github.com/polystore/storage/benchmarks/proxy"
	"github.com/polystore/storage/benchmarks/server"
)

// row is one comparison: the same work by every subject.
type row struct {
	name  string
	title string
	kind  *kind
	op    string
	way   way
	size  int64 // of each object
	count int   // of small objects
	width int   // operations at once
	shape shape // of the keys of a list

	passes int // over all objects; 0: one

	faults   server.Faults
	subjects []string // without the floors
	floors   []string // all of them are tried; the best one counts
	shown    []string // floors that are shown, and do not count
	note     string   // what is not equal between the subjects
	verifies sum      // what us holds the bytes against that it reads
	short    []string // subjects of a quick run; nil: the row is not part of it
}

// sum is a checksum in words. A row that reads says which one us verifies.
type sum string

const (
	serverSum sum = "the CRC64NVME of the whole object, which the server keeps"
	minioSum  sum = "the CRC32C of the whole object, which MinIO keeps where it came in one request"
	gcsSum    sum = "the CRC32C of the whole object, which the service makes"
	azureSum  sum = "the CRC32C of the whole object, which us wrote into the blob's metadata"
	fileSum   sum = "the CRC32C of the whole file, which us wrote into its attributes"
	noSum     sum = "nothing, for a range has no checksum"
)

// way is the service, and what is between it and the subjects.
type way int

const (
	far      way = iota // the server behind 20 ms and 25 MB/s a connection
	narrow              // the same, and 50 MB/s for all connections
	remote              // the server behind 50 ms
	direct              // the server of this module
	minio               // MinIO on this machine
	gcs                 // the fake of Google Cloud Storage of the tests
	azure               // the Azure side of the server
	farGCS              // the fake, 20 ms and 25 MB/s a connection away
	farAzure            // the Azure side of the server, likewise
	disk                // a directory on a disk
	inMemory            // the memory provider
)

var configs = map[way]proxy.Config{
	far:      {RTT: 20 * time.Millisecond, PerConn: 25e6},
	farGCS:   {RTT: 20 * time.Millisecond, PerConn: 25e6},
	farAzure: {RTT: 20 * time.Millisecond, PerConn: 25e6},
	narrow:   {RTT: 20 * time.Millisecond, PerConn: 25e6, Total: 50e6},
	remote:   {RTT: 50 * time.Millisecond},
}

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// rows are all of them, in the order of the tables.
var rows = slices.Concat(
	largeRows, cloudRows, manyRows, smallRows, formatRows, listRows, fileRows,
)
