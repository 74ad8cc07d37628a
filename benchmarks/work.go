package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// task is what a measured process does. It comes as JSON, to the peers in Python as well.
type task struct {
	Op      string // a name of ops
	Subject string
	Target  subject.Target
	Key     string // of a large object
	Prefix  string // of the keys of small objects
	Size    int64  // of each object
	Path    string // the file to read or to write
	Count   int    // of small objects
	Width   int    // operations at once
}

// op does the work of a task, and measures it with a Span.
type op func(ctx context.Context, s subject.Subject, t task, r *measure.Result) error

var ops = map[string]op{
	"get": get, "getfile": getFile, "put": put, "putfile": putFile,
	"getmany": many, "putmany": many, "bothmany": many,
	"read": small, "write": small, "stat": small, "delete": small,
	"list": list, "deletemany": deleteMany,
	"zip": readZip, "parquet": readParquet, "arrow": readArrow,
}

// work is the process of one measurement.
func work(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("work takes one task")
	}
	var t task
	if err := json.Unmarshal([]byte(args[0]), &t); err != nil {
		return err
	}
	var r measure.Result
	if err := do(ctx, t, &r); err != nil {
		r.Err = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func do(ctx context.Context, t task, r *measure.Result) error {
	run := ops[t.Op]
	if run == nil {
		return fmt.Errorf("no operation %q", t.Op)
	}
	if t.Path != "" {
		if err := os.MkdirAll(filepath.Dir(t.Path), 0o755); err != nil {
			return err
		}
	}
	s, err := subject.Open(ctx, t.Subject, t.Target)
	if err != nil {
		return err
	}
	return run(ctx, s, t, r)
}
