package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// shape is what the keys of a list look like.
type shape int

const (
	counted shape = iota // 00000000, 00000001, …
	uuids
	dates // 2024/01/01/00/…
	deep  // all in one directory, ten levels down
	skew  // 90 in 100 below one prefix
)

// keys makes count keys below prefix.
func keys(prefix string, s shape, count int) []string {
	random := rand.NewChaCha8([32]byte{5})
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	out := make([]string, count)
	for i := range out {
		name := fmt.Sprintf("%08d", i)
		switch s {
		case uuids:
			var id [16]byte
			random.Read(id[:]) // never fails
			h := hex.EncodeToString(id[:])
			name = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		case dates:
			at := day.Add(time.Duration(i) * 10 * time.Minute)
			name = at.Format("2006/01/02/15/") + fmt.Sprintf("event-%08d.json", i)
		case deep:
			name = "a/b/c/d/e/f/g/h/i/j/" + name
		case skew:
			if i%10 != 0 {
				name = "logs/app/" + name
			} else {
				name = fmt.Sprintf("other-%03d/%s", i%1000, name)
			}
		}
		out[i] = prefix + name
	}
	return out
}

var listers = []string{
	"us", "us:list=1", "aws", "minio", "gocdk", "thanos", "boto3", "obstore",
}

var listRows = []row{
	{
		name: "list", title: "a list of 100,000 keys, 50 ms away, keys that count up",
		kind: listing, op: "list", count: 100_000, way: remote,
		subjects: listers, floors: []string{"floor:1x8"},
	}, {
		name: "listuuid", title: "a list of 100,000 keys, 50 ms away, UUIDs",
		kind: listing, op: "list", count: 100_000, way: remote, shape: uuids,
		subjects: []string{"us", "us:list=1"}, floors: []string{"floor:1x8"},
	}, {
		name: "listdates", title: "a list of 100,000 keys, 50 ms away, dates",
		kind: listing, op: "list", count: 100_000, way: remote, shape: dates,
		subjects: []string{"us", "us:list=1"}, floors: []string{"floor:1x8"},
	}, {
		name: "listdeep", title: "a list of 100,000 keys, 50 ms away, one deep directory",
		kind: listing, op: "list", count: 100_000, way: remote, shape: deep,
		subjects: []string{"us", "us:list=1"}, floors: []string{"floor:1x8"},
	}, {
		name: "listskew", title: "a list of 100,000 keys, 50 ms away, 90 % below one prefix",
		kind: listing, op: "list", count: 100_000, way: remote, shape: skew,
		subjects: []string{"us", "us:list=1"}, floors: []string{"floor:1x8"},
	}, {
		name: "deletemany", title: "10,000 objects deleted by one call, 20 ms away", kind: listing,
		op: "deletemany", count: 10_000, subjects: []string{"us", "minio", "aws"},
	},
}

const passNote = "The means of 100 passes over the objects, without a clock between them: one " +
	"pass is over before the memory of the process is warm."

var fileRows = []row{
	{
		name: "filewrite", title: "64 writers of 4 KiB files, each durable", kind: parallel,
		op: "write", size: 4 << 10, count: 4000, width: 64, way: disk,
		subjects: []string{"us", "gocdk", "thanos"}, floors: []string{"os"},
		short: []string{"us", "gocdk"},
		note:  "gocdk and thanos do not sync: what they wrote can be lost with the power.",
	}, {
		name: "fileread", title: "Get of a 4 KiB file, one after the other", kind: tiny,
		op: "read", size: 4 << 10, count: 20_000, way: disk, verifies: fileSum,
		subjects: []string{"us", "gocdk", "thanos"}, floors: []string{"os"},
		short: []string{"us", "gocdk"},
		note: "The files are those of a bucket, with attributes, which gocdk and thanos do not " +
			"see. us reads these, too, and makes sure that no other program has changed the bytes.",
	}, {
		name: "filelist", title: "a list of 100,000 files in one directory", kind: listing,
		op: "list", size: 1, count: 100_000, way: disk,
		subjects: []string{"us", "thanos"}, floors: []string{"os"},
		note: "gocdk is left out, since its list of this directory takes more than a minute. " +
			"thanos lists in no order.",
	}, {
		name: "memstat", title: "Stat of the memory provider", kind: fastest, op: "stat", size: 1,
		count: 10_000, passes: 100, way: inMemory, subjects: []string{"us"},
		floors: []string{"heap"},
		note:   "heap is what the two allocations take by themselves. " + passNote,
	}, {
		name: "memlist", title: "a list of 10,000 objects of the memory provider", kind: listing,
		op: "list", size: 1, count: 10_000, passes: 100, way: inMemory, subjects: []string{"us"},
		note: passNote,
	},
}
