package storage_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// The blank import registers the scheme. A program that imports providers/s3 opens
// "s3://bucket/prefix?region=eu-west-1" in the same way.
func ExampleOpen() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	if _, err := b.WriteAll(ctx, "greeting", []byte("hello"), nil); err != nil {
		log.Fatal(err)
	}
	data, err := b.ReadAll(ctx, "greeting", nil)
	fmt.Printf("%s %v\n", data, err)

	_, err = storage.Open(ctx, "mem://?colour=red")
	fmt.Println(err)
	// Output:
	// hello <nil>
	// storage: Open: invalid argument: unknown parameter "colour", known are prefix
}

// A Tracer sees every call and, at level Debug, every request.
func ExampleOpenWith() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" {
				return slog.Attr{} // differs from run to run
			}
			return a
		},
	})
	ctx := context.Background()
	b, err := storage.OpenWith(ctx, "mem://", &storage.Options{
		Retry:        storage.RetryOptions{Attempts: 6},
		StallTimeout: 10 * time.Second,
		Tracer:       storage.LogTracer(slog.New(handler)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	if _, err := b.WriteAll(ctx, "report", []byte("42"), nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO msg="storage call" op=WriteAll key=report bytes=2 requests=1
}

// A view per tenant keeps keys short. It is a convenience and no boundary: whoever holds the Bucket
// or its Store reaches all tenants.
func ExampleBucket_Prefix() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	for _, tenant := range []string{"ada", "bob"} {
		own := b.Prefix("tenants/" + tenant + "/")
		if _, err := own.WriteAll(ctx, "profile", []byte(tenant), nil); err != nil {
			log.Fatal(err)
		}
	}

	ada := b.Prefix("tenants/ada/")
	for o, err := range ada.List(ctx, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("ada:", o.Key)
	}
	fmt.Println("service:", ada.StoreKey("profile"))
	n, err := b.DeletePrefix(ctx, "tenants/bob/", nil)
	fmt.Println("deleted:", n, err)
	// Output:
	// ada: profile
	// service: tenants/ada/profile
	// deleted: 1 <nil>
}

// Capabilities tells what a Store can do before a program offers it.
func ExampleBucket_Capabilities() {
	b, err := storage.Open(context.Background(), "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	c := b.Capabilities()
	fmt.Println("create if absent:", c.IfAbsent)
	fmt.Println("multipart:", c.Multipart)
	fmt.Println("signed URLs:", c.SignURL)
	// Output:
	// create if absent: true
	// multipart: true
	// signed URLs: false
}
