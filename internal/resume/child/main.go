// Command child makes one transfer with a StateFile and prints what it took, or suspends a Writer.
// The test that runs it kills it and runs it again.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/all"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 6 {
		return errors.New("usage: child up|create|at|down|suspend URL KEY PATH STATE BANDWIDTH")
	}
	direction, url, key, path, state := args[0], args[1], args[2], args[3], args[4]
	bandwidth, err := strconv.ParseInt(args[5], 10, 64)
	if err != nil {
		return err
	}
	trace := new(lastCall)
	opts := &storage.Options{
		PartSize: 5 << 20, Concurrency: 3, Bandwidth: bandwidth, Tracer: trace, NoHedging: true,
	}
	opened, err := storage.OpenWith(ctx, url, opts)
	if err != nil {
		return err
	}
	defer opened.Close()
	s := &counter{FullStore: storage.Full(opened.Store())}
	b := storage.New(s, opts)
	switch direction {
	case "suspend":
		return suspend(ctx, b, key, path)
	case "up", "create":
		_, err = b.UploadFile(ctx, key, path, &storage.PutOptions{
			StateFile: state, IfAbsent: direction == "create",
		})
	case "at": // nothing but the bytes tells whether they are the same
		var data []byte
		if data, err = os.ReadFile(path); err == nil {
			_, err = b.PutReaderAt(ctx, key, bytes.NewReader(data), int64(len(data)),
				&storage.PutOptions{StateFile: state})
		}
	case "down":
		_, err = b.DownloadFile(ctx, key, path, &storage.GetOptions{StateFile: state})
	default:
		err = fmt.Errorf("no direction %q", direction)
	}
	if err != nil {
		return err
	}
	took := s.took()
	took.Moved, took.Resumed, took.Restarted = trace.call.Bytes, trace.call.Resumed,
		trace.call.Restarted
	return json.NewEncoder(os.Stdout).Encode(took)
}

// suspend writes half of the file and prints the token of the rest.
func suspend(ctx context.Context, b *storage.Bucket, key, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	w := b.NewWriter(ctx, key, nil)
	defer w.Close()
	if _, err := w.Write(data[:len(data)/2]); err != nil {
		return err
	}
	token, err := w.Suspend()
	if err == nil {
		fmt.Println(token)
	}
	return err
}

// lastCall keeps the last call.
type lastCall struct{ call storage.Call }

func (l *lastCall) EndRequest(context.Context, *storage.Request)  {}
func (l *lastCall) EndCall(_ context.Context, call *storage.Call) { l.call = *call }
func (l *lastCall) StartCall(ctx context.Context, _ *storage.Call) context.Context {
	return ctx
}
func (l *lastCall) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}
