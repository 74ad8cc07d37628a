package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// A program opens a bucket by URL and uses it. mem:// keeps objects in memory; file:///srv/data and
// s3://bucket/prefix?region=eu-west-1 need the import of their provider and no other change.
func Example() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	// Exactly one of many writers creates the object.
	_, err = b.Put(ctx, "greeting", strings.NewReader("hello"),
		&storage.PutOptions{IfAbsent: true})
	if err != nil && !errors.Is(err, storage.ErrExist) {
		log.Fatal(err)
	}
	// No update is lost, whoever else writes.
	_, err = b.Update(ctx, "greeting", func(old []byte, _ *storage.Object) ([]byte, error) {
		return append(old, ", world"...), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	data, err := b.ReadAll(ctx, "greeting", nil)
	fmt.Printf("%s %v\n", data, err)
	// Output: hello, world <nil>
}

// A Writer that is closed without Commit leaves nothing behind, so the deferred Close is right in
// every case.
func ExampleWriter() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	write := func(lines []string) error {
		w := b.NewWriter(ctx, "log", nil)
		defer w.Close()
		for _, line := range lines {
			if line == "" {
				return errors.New("an empty line")
			}
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
		_, err := w.Commit()
		return err
	}
	fmt.Println(write([]string{"one", ""}))
	fmt.Println(b.Exists(ctx, "log"))
	fmt.Println(write([]string{"one", "two"}))
	fmt.Println(b.Exists(ctx, "log"))
	// Output:
	// an empty line
	// false <nil>
	// <nil>
	// true <nil>
}

func ExampleBucket_List() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	for _, key := range []string{"2026/a.csv", "2026/b.csv", "index"} {
		if _, err := b.Put(ctx, key, strings.NewReader("…"), nil); err != nil {
			log.Fatal(err)
		}
	}
	for o, err := range b.List(ctx, &storage.ListOptions{Delimiter: "/"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.Key, o.IsPrefix)
	}
	// Output:
	// 2026/ true
	// index false
}
