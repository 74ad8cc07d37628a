package memory_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// A bucket of a test's own, which keeps old versions. storage.Open(ctx, "mem://") is the short way
// to one that does not.
func ExampleNew() {
	ctx := context.Background()
	store, err := memory.New(&memory.Options{Versions: true})
	if err != nil {
		log.Fatal(err)
	}
	b := storage.New(store, nil)
	defer b.Close()

	old, err := b.Put(ctx, "k", strings.NewReader("first"), nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := b.Put(ctx, "k", strings.NewReader("second"), nil); err != nil {
		log.Fatal(err)
	}
	data, err := b.ReadAll(ctx, "k", &storage.GetOptions{VersionID: old.VersionID})
	fmt.Printf("%s, %v\n", data, err)
	// Output: first, <nil>
}
