// Quickstart is an upload inbox: people send files, each name is given once, an index that many write at the same time
// is never wrong, and a link lets anyone fetch a file without credentials.
//
//	go run ./examples/quickstart
//
// keeps the inbox in ./quickstart-data; look at it afterwards. With STORE_URL the same program keeps it elsewhere:
//
//	STORE_URL='s3://bucket?region=eu-west-1' go run ./examples/quickstart
//
// or gs://bucket, or az://container?storage_account=name.
//
// It writes below the key quickstart/ and deletes there what an earlier run left.
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

// run plays a day in the life of the inbox. What it prints is the same on every store, except the lines of "store" and "link".
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
