package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// readme is the README's code; internal/readme holds one against the other.
func readme(ctx context.Context) error {
	b, err := storage.Open(ctx, "mem://") // or file:///srv/data, or s3://bucket/prefix?region=eu-west-1
	if err != nil {
		return err
	}
	defer b.Close()

	// Any reader, any length, all or nothing. Of any number of writers exactly one creates the object.
	_, err = b.Put(ctx, "greeting", strings.NewReader("hello"), &storage.PutOptions{IfAbsent: true})
	if err != nil && !errors.Is(err, storage.ErrExist) {
		return err
	}
	// Read, change, write if nobody else did meanwhile, else again: no update is lost.
	_, err = b.Update(ctx, "greeting", func(old []byte, o *storage.Object) ([]byte, error) {
		return append(old, ", world"...), nil
	})
	if err != nil {
		return err
	}
	data, err := b.ReadAll(ctx, "greeting", nil)
	fmt.Printf("%s\n", data)
	return err
}

func Example() {
	if err := readme(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello, world
}

// A Writer that is closed without Commit leaves nothing behind, so the deferred Close is right in every case.
func ExampleWriter() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		fmt.Println(err)
		return
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
		fmt.Println(err)
		return
	}
	defer b.Close()
	for _, key := range []string{"2026/a.csv", "2026/b.csv", "index"} {
		if _, err := b.Put(ctx, key, strings.NewReader("…"), nil); err != nil {
			fmt.Println(err)
		}
	}
	for o, err := range b.List(ctx, &storage.ListOptions{Delimiter: "/"}) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(o.Key, o.IsPrefix)
	}
	// Output:
	// 2026/ true
	// index false
}
