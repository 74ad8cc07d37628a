package file_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/file"
)

// A directory as a bucket. Objects are files that other programs can read. storage.Open(ctx,
// "file:///var/lib/app/data?create_dir=true") is the short way.
func ExampleNew() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	ctx := context.Background()
	dir := filepath.Join(parent, "data")
	store, err := file.New(dir, &file.Options{CreateDir: true})
	if err != nil {
		log.Fatal(err)
	}
	b := storage.New(store, nil)
	defer b.Close()

	if _, err := b.Put(ctx, "reports/2026.csv", strings.NewReader("a,b\n"), nil); err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "reports", "2026.csv"))
	fmt.Printf("%q, %v\n", data, err)
	// Output: "a,b\n", <nil>
}
