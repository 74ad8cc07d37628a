package s3_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/s3"
)

// A Bucket by the options of this package, for what a URL cannot say. storage.Open(ctx,
// "s3://my-bucket?region=eu-west-1") is the short way.
func ExampleNew() {
	ctx := context.Background()
	store, err := s3.New(ctx, "my-bucket", &s3.Options{
		Endpoint:        "https://minio.example.com",
		Provider:        "minio",
		AccessKeyID:     os.Getenv("MINIO_KEY"),
		SecretAccessKey: os.Getenv("MINIO_SECRET"),
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
	fmt.Println(obj.ETag)
}
