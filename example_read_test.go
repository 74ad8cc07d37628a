package storage_test

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"time"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// archive/zip reads the directory at the end of an archive and then one file. A ReaderAt pins one
// version of the object and reads it in cached blocks, so that the small reads of archive/zip cost
// few requests.
func ExampleReaderAt_zip() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	w := b.NewWriter(ctx, "site.zip", nil)
	defer w.Close()
	archive := zip.NewWriter(w)
	for _, name := range []string{"index.html", "about.html"} {
		f, err := archive.Create(name)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := io.WriteString(f, "<h1>"+name+"</h1>"); err != nil {
			log.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		log.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		log.Fatal(err)
	}

	r, err := b.NewReaderAt(ctx, "site.zip", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	z, err := zip.NewReader(r, r.Size())
	if err != nil {
		log.Fatal(err)
	}
	f, err := z.Open("about.html")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	fmt.Printf("%d files, %s %v\n", len(z.File), text, err)
	// Output: 2 files, <h1>about.html</h1> <nil>
}

// A suffix reads the end of an object without knowing its size. Offset and Len tell where it lies.
func ExampleReader_Offset() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	if _, err := b.WriteAll(ctx, "digits", []byte("0123456789"), nil); err != nil {
		log.Fatal(err)
	}
	r, err := b.Get(ctx, "digits", &storage.GetOptions{Offset: -3})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	first, last := r.Offset(), r.Offset()+r.Len()-1
	fmt.Printf("%s: bytes %d-%d/%d\n", text, first, last, r.Object().Size)
	// Output: 789: bytes 7-9/10
}

// A Delimiter groups keys as a directory groups files.
func ExampleListOptions() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	for _, key := range []string{"2025/12/a", "2026/01/a", "2026/01/b", "2026/02/a", "2026/index"} {
		if _, err := b.WriteAll(ctx, key, nil, nil); err != nil {
			log.Fatal(err)
		}
	}
	for o, err := range b.List(ctx, &storage.ListOptions{Prefix: "2026/", Delimiter: "/"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.Key, o.IsPrefix)
	}
	// Output:
	// 2026/01/ true
	// 2026/02/ true
	// 2026/index false
}

// DeleteListed deletes what a filter of a list lets through, in batches.
func ExampleBucket_DeleteListed() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	for _, key := range []string{"cache/a", "cache/b", "keep"} {
		if _, err := b.WriteAll(ctx, key, []byte(key), nil); err != nil {
			log.Fatal(err)
		}
	}
	older := func(than time.Time) iter.Seq2[*storage.Object, error] {
		return func(yield func(*storage.Object, error) bool) {
			for o, err := range b.List(ctx, &storage.ListOptions{Prefix: "cache/"}) {
				if err == nil && !o.ModTime.Before(than) {
					continue
				}
				if !yield(o, err) {
					return
				}
			}
		}
	}
	n, err := b.DeleteListed(ctx, older(time.Now().Add(-time.Hour)), nil)
	fmt.Println("older than an hour:", n, err)
	n, err = b.DeleteListed(ctx, older(time.Now().Add(time.Hour)), nil)
	fmt.Println("all of the cache:", n, err)
	// Output:
	// older than an hour: 0 <nil>
	// all of the cache: 2 <nil>
}
