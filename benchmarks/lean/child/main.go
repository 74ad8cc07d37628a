// Command child does one task of the benchmarks, which start it, and prints what it cost.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/polystore/storage/benchmarks/lean"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := lean.Program().Run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		stop()
		os.Exit(1)
	}
}
