// Quickstart is an upload inbox. People send files, and each name is given once. The index stays
// correct although many write it at the same time. A link lets anyone fetch a file without
// credentials.
//
//	go run ./examples/quickstart
//
// keeps the inbox in the directory quickstart-data, which can be inspected afterwards. STORE_URL
// selects another store for the same program:
//
//	STORE_URL='s3://bucket?region=eu-west-1' go run ./examples/quickstart
//
// gs://bucket and az://container?storage_account=name work as well.
//
// The program writes below the prefix quickstart/ and first deletes what an earlier run left there.
package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/all"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	storeURL := os.Getenv("STORE_URL")
	if storeURL == "" {
		storeURL = directory("quickstart-data")
	}
	if err := run(ctx, storeURL, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// directory is the URL of a directory that is made if it is not there.
func directory(name string) string {
	path, err := filepath.Abs(name)
	if err != nil {
		path = name
	}
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: "create_dir=true"}).String()
}

// run plays a day in the life of the inbox. Its output is the same on every store, except the lines
// of "store" and "link".
func run(ctx context.Context, storeURL string, out io.Writer) (err error) {
	bucket, err := storage.Open(ctx, storeURL)
	if err != nil {
		return err
	}
	defer bucket.Close()
	own := bucket.Prefix("quickstart/") // a view: nothing else in the bucket is touched
	if _, err := own.DeletePrefix(ctx, "", nil); err != nil {
		return err
	}
	if u, err := url.Parse(storeURL); err == nil {
		fmt.Fprintf(out, "store: %s://%s%s\n", u.Scheme, u.Host, u.Path)
	}
	server, err := serve(&inbox{bucket: own})
	if err != nil {
		return err
	}
	defer server.close()
	return play(ctx, own, server, out)
}
