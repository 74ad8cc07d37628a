package main

import (
	"time"

	"github.com/polystore/storage/benchmarks/columnar"
	"github.com/polystore/storage/benchmarks/server"
)

var (
	smalls = []string{"us", "aws", "minio", "gocdk", "thanos", "boto3", "obstore"}
	raw    = []string{"floor:1x8"}
)

// smallOps has the four operations on 4 KiB objects for one service.
func smallOps(
	prefix, service string, w way, verifies sum, subjects, floors, short []string,
) []row {
	var out []row
	for _, op := range []struct{ op, title string }{
		{"read", "Get"}, {"write", "Put"}, {"stat", "Stat"}, {"delete", "Delete"},
	} {
		r := row{
			name: prefix + op.op, title: op.title + " of 4 KiB, " + service +
				", one after the other",
			kind: tiny, op: op.op, size: 4 << 10, count: 2000, way: w,
			subjects: subjects, floors: floors, short: short,
		}
		if op.op == "read" {
			r.verifies = verifies
		}
		out = append(out, r)
	}
	return out
}

var smallRows = append(
	append(append(
		smallOps("small", "S3", direct, serverSum, smalls, raw, []string{"us", "aws", "minio"}),
		smallOps("gcs", "GCS", gcs, gcsSum, []string{"us", "gcs", "gcs:raw", "gocdk"}, nil,
			nil)...),
		smallOps("azure", "Azure", azure, azureSum, []string{"us", "azblob", "gocdk"}, nil,
			nil)...),
	row{
		name: "tail", title: "Get of 4 KiB, 16 at a time, 20 ms away; 2 in 100 requests take 2 s",
		kind: tail, op: "read", size: 4 << 10, count: 2000, width: 16,
		verifies: serverSum,
		faults:   server.Faults{Slow: 0.02, SlowTime: 2 * time.Second},
		subjects: []string{"us", "us:NoHedging", "aws", "minio", "gocdk"},
		floors:   []string{"floor:16x8"},
	},
	row{
		name: "refused", title: "Get of 4 KiB, 16 at a time, 20 ms away; 5 in 100 requests get 503",
		kind: tail, op: "read", size: 4 << 10, count: 2000, width: 16,
		verifies: serverSum,
		faults:   server.Faults{Refuse: 0.05},
		subjects: []string{"us", "aws", "minio", "gocdk"},
	},
)

var formatRows = []row{
	{
		name: "zip", title: "a zip of 200 files, by archive/zip, 20 ms away", kind: formats,
		note:     "Every reader without blocks makes the same requests: one peer stands for all.",
		verifies: noSum,
		op:       "zip", count: zipFiles, subjects: []string{"us", "minio"},
		short: []string{"us"},
	}, {
		name: "parquet", title: "all rows of a 6 MB Parquet file, by parquet-go, 20 ms away",
		verifies: noSum,
		kind:     formats, op: "parquet", count: columnar.Rows, short: []string{"us"},
		subjects: []string{"us", "minio", "gocdk", "aws"},
	}, {
		name: "arrow", title: "one column of a 6 MB Parquet file, by arrow-go, 20 ms away",
		verifies: noSum,
		kind:     formats, op: "arrow", count: columnar.Rows, short: []string{"us"},
		subjects: []string{"us", "minio", "gocdk", "aws"},
	},
}
