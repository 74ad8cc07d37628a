// Command child makes one transfer with a StateFile and prints what it took. The test that runs it
// kills it and runs it again.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"

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
		return errors.New("usage: child up|create|down URL KEY PATH STATE BANDWIDTH")
	}
	direction, url, key, path, state := args[0], args[1], args[2], args[3], args[4]
	bandwidth, err := strconv.ParseInt(args[5], 10, 64)
	if err != nil {
		return err
	}
	trace := new(counter)
	b, err := storage.OpenWith(ctx, url, &storage.Options{
		PartSize: 5 << 20, Concurrency: 3, Bandwidth: bandwidth, Tracer: trace,
	})
	if err != nil {
		return err
	}
	defer b.Close()
	switch direction {
	case "up", "create":
		_, err = b.UploadFile(ctx, key, path, &storage.PutOptions{
			StateFile: state, IfAbsent: direction == "create",
		})
	case "down":
		_, err = b.DownloadFile(ctx, key, path, &storage.GetOptions{StateFile: state})
	default:
		err = fmt.Errorf("no direction %q", direction)
	}
	if err != nil {
		return err
	}
	fmt.Printf("moved=%d resumed=%d parts=%d restarted=%q\n", trace.call.Bytes,
		trace.call.Resumed, trace.parts.Load(), trace.call.Restarted)
	return nil
}

// counter counts the parts that are sent and keeps the last call.
type counter struct {
	call  storage.Call
	parts atomic.Int64
}

func (c *counter) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }
func (c *counter) EndCall(_ context.Context, call *storage.Call)                  { c.call = *call }
func (c *counter) EndRequest(context.Context, *storage.Request)                   {}

func (c *counter) StartRequest(ctx context.Context, r *storage.Request) context.Context {
	if r.Op == "PutPart" {
		c.parts.Add(1)
	}
	return ctx
}
