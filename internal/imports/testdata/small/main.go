// Command small is the smallest useful program: its size and what it links are tested.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	store, err := memory.New(nil)
	if err != nil {
		return err
	}
	b := storage.New(store, nil)
	defer b.Close()
	if _, err := b.Put(ctx, "greeting", strings.NewReader("hello\n"), nil); err != nil {
		return err
	}
	data, err := b.ReadAll(ctx, "greeting", nil)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(data)
	return err
}
