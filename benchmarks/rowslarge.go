package main

import "slices"

// distant are the floors over a distance: numbers of connections with sizes of parts. One
// connection makes one request, whatever the size.
var distant = []string{
	"floor:1x8",
	"floor:8x2", "floor:8x4", "floor:8x8",
	"floor:16x2", "floor:16x4", "floor:16x8",
	"floor:32x2", "floor:32x4", "floor:32x8",
}

// distantUp are those of uploads, whose parts have 5 MiB at least.
var distantUp = []string{
	"floor:1x8", "floor:8x5", "floor:8x8", "floor:16x5", "floor:16x8", "floor:32x5", "floor:32x8",
}

// What has few connections would take most of the time of a long row over a distance and cannot be
// the fastest there, so it is left out: the floors with one and with eight connections, and gocdk
// downwards, whose upload has five. Goals that need them are those of the rows of 128 MiB.
var (
	longDistant   = distant[4:]
	longDistantUp = distantUp[3:]
)

const (
	longNote = "The floors with 1 and 8 connections are left out: 43 and 5 s for 1 GiB. So are " +
		"gocdk, with one and with eight in parallel, and awstm, which takes 50 s for a stream. " +
		"The rows of 128 MiB have them."
	longNoteUp = "The floors with 1 and 8 connections are left out: 43 and 5 s for 1 GiB. So is " +
		"aws, with its one. The rows of 128 MiB have them."
	loopNote   = "MinIO does not tell how many requests and connections one client makes."
	loopNoteUp = loopNote + " us and the floors send a CRC32C with each part, which it verifies."
	capNote    = "gocdk is left out: its one connection takes 21 s, twice as long as the cap. " +
		"The rows of 128 MiB have it."
)

// downs and ups are the subjects of large objects. The name behind a colon is what is opted into.
// Those of long rows are fewer.
var (
	downs = []string{
		"us", "gocdk", "gocdk:parallel", "minio", "minio:4", "awstm", "aws", "thanos", "boto3",
		"awscrt", "obstore",
	}
	longDowns = []string{"us", "minio:4", "boto3", "awscrt"}
	ups       = []string{
		"us", "gocdk", "minio", "minio:4", "awstm", "thanos", "boto3", "awscrt", "obstore",
	}
	// One PutObject of the plain SDK takes a file, and no stream whose length it does not know.
	upFiles = append(slices.Clone(ups), "aws")
	longUps = []string{"us", "gocdk", "minio:4", "awstm", "boto3", "awscrt", "obstore"}

	few    = []string{"us", "gocdk", "minio:4", "boto3", "awscrt"}
	near   = []string{"floor:1x8+crc", "floor:2x8+crc"}
	wide   = []string{"floor:64x2", "floor:64x4"}
	wideUp = []string{"floor:64x5"}
)

var largeRows = []row{
	{
		name: "down128", title: "128 MiB down, to a stream", kind: large, op: "get",
		size: 128 * mib, subjects: downs, floors: distant, shown: wide, short: few,
		verifies: serverSum,
	}, {
		name: "down128file", title: "128 MiB down, to a file", kind: large, op: "getfile",
		size: 128 * mib, subjects: downs, floors: distant, shown: wide, short: few,
		verifies: serverSum,
	}, {
		name: "down1g", title: "1 GiB down, to a stream", kind: large, op: "get",
		size: gib, subjects: longDowns, floors: longDistant, shown: wide, note: longNote,
		verifies: serverSum,
	}, {
		name: "down1gfile", title: "1 GiB down, to a file", kind: large, op: "getfile",
		size: gib, subjects: longDowns, floors: longDistant, shown: wide, note: longNote,
		verifies: serverSum,
	}, {
		name: "up128", title: "128 MiB up, a file", kind: large, op: "putfile",
		size: 128 * mib, subjects: upFiles, floors: distantUp, shown: wideUp, short: few,
	}, {
		name: "up128stream", title: "128 MiB up, of unknown length", kind: large, op: "put",
		size: 128 * mib, subjects: ups, floors: distantUp, shown: wideUp, short: few,
	}, {
		name: "up1g", title: "1 GiB up, a file", kind: large, op: "putfile",
		size: gib, subjects: longUps, floors: longDistantUp, shown: wideUp, note: longNoteUp,
	}, {
		name: "up1gstream", title: "1 GiB up, of unknown length", kind: large, op: "put",
		size: gib, subjects: longUps, floors: longDistantUp, shown: wideUp, note: longNoteUp,
	}, {
		name: "cap512", title: "512 MiB down through 50 MB/s in all, to a stream", kind: shared,
		op: "get", size: 512 * mib, way: narrow,
		subjects: []string{"us", "minio:4", "boto3", "awscrt"},
		floors:   []string{"floor:2x8", "floor:4x8"}, note: capNote,
		verifies: serverSum,
	}, {
		name: "cap512up", title: "512 MiB up through 50 MB/s in all, a file", kind: shared,
		op: "putfile", size: 512 * mib, way: narrow, subjects: few,
		floors: []string{"floor:2x8", "floor:4x8"},
	}, {
		name: "loopdown", title: "1 GiB down from MinIO on this machine, to a stream", kind: large,
		op: "get", size: gib, way: minio, subjects: downs, floors: near, note: loopNote,
		verifies: minioSum,
	}, {
		name: "loopup", title: "1 GiB up to MinIO on this machine, a file", kind: large,
		op: "putfile", size: gib, way: minio, subjects: upFiles, floors: near,
		note: loopNoteUp,
	}, {
		name: "loopupstream", title: "1 GiB up to MinIO on this machine, of unknown length",
		kind: large, op: "put", size: gib, way: minio, subjects: ups, floors: near,
		note: loopNoteUp,
	},
}

var (
	gcsPeers   = []string{"us", "gcs", "gocdk"}
	azurePeers = []string{"us", "azblob", "gocdk"}
)

const gcsUpNote = "us makes an XML multipart upload, the others one resumable session."

// cloudRows move a large object to and from the other two clouds.
var cloudRows = []row{
	{
		name: "down128gcs", title: "128 MiB down from GCS, to a stream", kind: large, op: "get",
		size: 128 * mib, way: farGCS, subjects: gcsPeers, verifies: gcsSum,
	}, {
		name: "up128gcs", title: "128 MiB up to GCS, of unknown length", kind: large, op: "put",
		size: 128 * mib, way: farGCS, subjects: gcsPeers, note: gcsUpNote,
	}, {
		name: "down128azure", title: "128 MiB down from Azure, to a stream", kind: large,
		op: "get", size: 128 * mib, way: farAzure, subjects: azurePeers, verifies: azureSum,
	}, {
		name: "up128azure", title: "128 MiB up to Azure, of unknown length", kind: large,
		op: "put", size: 128 * mib, way: farAzure, subjects: azurePeers,
	},
}

// crowds are the subjects that many transfers at once are measured with. Their floors share their
// connections among the transfers.
var (
	crowds      = []string{"us", "gocdk", "minio", "awstm", "boto3", "awscrt"}
	crowdFloors = []string{"floor:8x8", "floor:16x8", "floor:32x8"}
	wideCrowd   = []string{"floor:64x8"}
)

const crowdNote = "A floor has its connections for all transfers together. The knee is the " +
	"number of connections of the floor with the fewest that reaches 0.95 of the best one, shown " +
	"ones apart: the link caps each connection and not their sum, so that the machine ends the " +
	"growth."

var manyRows = []row{
	{
		name: "many64down", title: "64 downloads of 64 MiB at once, to streams", kind: crowd,
		op: "getmany", size: 64 * mib, width: 64, subjects: crowds,
		floors: crowdFloors, shown: wideCrowd, note: crowdNote,
		verifies: serverSum,
	}, {
		name: "many64up", title: "64 uploads of 64 MiB at once, a file", kind: crowd,
		op: "putmany", size: 64 * mib, width: 64, subjects: crowds,
		floors: crowdFloors, shown: wideCrowd, note: crowdNote,
	}, {
		name: "many64", title: "64 downloads and 64 uploads of 64 MiB at once", kind: crowd,
		op: "bothmany", size: 64 * mib, width: 64, subjects: crowds,
		floors: crowdFloors, shown: wideCrowd, note: crowdNote,
		verifies: serverSum,
	},
}
