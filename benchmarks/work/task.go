// Package work has what the process of one measurement does.
package work

import (
	"context"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// Task is what a measured process does. It comes as JSON, to the peers in Python as well.
type Task struct {
	Op      string // a name of Ops
	Subject string
	Target  subject.Target
	Key     string // of a large object
	Prefix  string // of the keys of small objects
	Size    int64  // of each object
	Path    string // the file to read or to write
	Count   int    // of small objects
	Width   int    // operations at once
	Passes  int    // how often the work is done, where once is over before the process is warm
}

// Op does the work of a Task, and measures it with a Span.
type Op func(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error

// Ops are the operations that need no library of a format, by their names.
func Ops() map[string]Op {
	return map[string]Op{
		"get": get, "getfile": getFile, "put": put, "putfile": putFile,
		"getmany": many, "putmany": many, "bothmany": many,
		"read": small, "write": small, "stat": small, "delete": small,
		"list": list, "deletemany": deleteMany,
		"zip": readZip,
	}
}
