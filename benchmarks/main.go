package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := dispatch(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
	}
	if err != nil {
		stop()
		os.Exit(1)
	}
}

// dispatch is the benchmarks, or one of the processes that they start.
func dispatch(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve":
			return serve(args[1:])
		case "proxy":
			return serveProxy(args[1:])
		case "gcs":
			return serveGCS()
		case "work":
			return everything().Run(ctx, args[1:], os.Stdout)
		}
	}
	return bench(ctx, args)
}
