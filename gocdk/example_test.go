package gocdk_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/gocdk"
	_ "github.com/polystore/storage/providers/memory"
	"gocloud.dev/blob/memblob"
)

// A program that was written for the Go CDK, on a Bucket of this library.
func ExampleBucket() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	bucket := gocdk.Bucket(b) // a *blob.Bucket; closing it closes b
	defer bucket.Close()

	if err := bucket.WriteAll(ctx, "greeting", []byte("hello"), nil); err != nil {
		log.Fatal(err)
	}
	data, err := bucket.ReadAll(ctx, "greeting")
	fmt.Println(string(data), err)
	// Output: hello <nil>
}

// A program of this library on a bucket of the Go CDK.
func ExampleStore() {
	ctx := context.Background()
	b := storage.New(gocdk.Store(memblob.OpenBucket(nil)), nil)
	defer b.Close()

	o, err := b.Put(ctx, "greeting", strings.NewReader("hello"),
		&storage.PutOptions{IfAbsent: true})
	if err != nil {
		log.Fatal(err)
	}
	_, err = b.Put(ctx, "greeting", strings.NewReader("hi"), &storage.PutOptions{IfAbsent: true})
	fmt.Println("created twice:", !errors.Is(err, storage.ErrExist))

	// The Go CDK has no compare-and-swap, and says so.
	_, err = b.Put(ctx, "greeting", strings.NewReader("hi"), &storage.PutOptions{IfMatch: o.ETag})
	fmt.Println("unsupported:", errors.Is(err, errors.ErrUnsupported))
	// Output:
	// created twice: false
	// unsupported: true
}
