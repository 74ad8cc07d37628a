package gcs_test

import (
	"context"
	"fmt"
	"log"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/gcs"
)

// A Bucket by the options of this package, for what a URL cannot say. storage.Open(ctx,
// "gs://my-bucket") is the short way.
func ExampleNew() {
	ctx := context.Background()
	store, err := gcs.New(ctx, "my-bucket", &gcs.Options{
		CredentialsFile: "/run/secrets/service-account.json",
		UserProject:     "who-pays",
	})
	if err != nil {
		log.Fatal(err)
	}
	b := storage.New(store, nil)
	defer b.Close()

	obj, err := b.Stat(ctx, "reports/2026.csv", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(obj.ETag) // the generation
}
