package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// errors.Is finds the kind of a failure, and errors.As what else is known of it.
func ExampleError() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	_, err = b.ReadAll(ctx, "missing", nil)
	fmt.Println(err)
	fmt.Println("missing:", errors.Is(err, storage.ErrNotExist))
	var e *storage.Error
	if errors.As(err, &e) {
		fmt.Printf("op %s, key %q, attempts %d, in doubt %t\n", e.Op, e.Key, e.Attempts, e.InDoubt)
	}

	// The error of a source, and of a context, is found as well.
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = b.ReadAll(cancelled, "missing", nil)
	fmt.Println("cancelled:", errors.Is(err, context.Canceled))
	// Output:
	// storage: ReadAll "missing": object does not exist
	// missing: true
	// op ReadAll, key "missing", attempts 1, in doubt false
	// cancelled: true
}

// CopyObject copies between any two buckets in bounded memory, with headers and metadata.
func ExampleCopyObject() {
	ctx := context.Background()
	src, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	dst, err := storage.Open(ctx, "mem://") // another store; or s3://…, gs://…, az://…, file:///…
	if err != nil {
		log.Fatal(err)
	}
	defer dst.Close()

	_, err = src.WriteAll(ctx, "page", []byte("<p>hello</p>"), &storage.PutOptions{
		ContentType: "text/html", Metadata: map[string]string{"author": "Ada"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := storage.CopyObject(ctx, dst, "archive/page", src, "page", nil); err != nil {
		log.Fatal(err)
	}
	o, err := dst.Stat(ctx, "archive/page", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.Key, o.Size, o.ContentType, o.Metadata["author"])
	fmt.Println(src.Exists(ctx, "archive/page"))
	// Output:
	// archive/page 12 text/html Ada
	// false <nil>
}

// A program's tests use memory, and package fault for what goes wrong. Here the service carries out
// a write and its answer is lost. The retry is refused, because the object exists now. Bucket finds
// out that it was this very write that created it.
func Example_testing() {
	mem, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	faulty := fault.New(mem)
	b := storage.New(faulty, nil)
	defer b.Close()
	ctx := context.Background()

	faulty.Next("Put", fault.Lost())
	_, err = b.WriteAll(ctx, "order", []byte("1"), &storage.PutOptions{IfAbsent: true})
	fmt.Println("answer lost:", err)

	_, err = b.WriteAll(ctx, "order", []byte("2"), &storage.PutOptions{IfAbsent: true})
	fmt.Println("another writer:", errors.Is(err, storage.ErrExist))

	faulty.Next("Get", fault.Cut(0))
	data, err := b.ReadAll(ctx, "order", nil)
	fmt.Printf("connection cut: %s %v\n", data, err)
	// Output:
	// answer lost: <nil>
	// another writer: true
	// connection cut: 1 <nil>
}
