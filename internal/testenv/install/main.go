// Command install builds the servers of the tests into their cache and prints where they are.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/polystore/storage/internal/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := install(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func install(ctx context.Context) error {
	for _, p := range testenv.Programs() {
		exe, err := p.Install(ctx, os.Stdout)
		if err != nil {
			return err
		}
		fmt.Println(p, "is", exe)
	}
	return nil
}
