package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// readme is the README's code.
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

// The code that the README shows is the code above.
func TestReadme(t *testing.T) {
	document, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(document), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the README shows no code")
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		indented := strings.ReplaceAll("\n"+strings.TrimSuffix(code, "\n"), "\n", "\n\t")
		indented = strings.ReplaceAll(indented, "\n\t\n", "\n\n") // gofmt indents no empty line
		if !strings.Contains(string(source), indented) {
			t.Errorf("the README's code is not in example_test.go:\n%s", code)
		}
	}
}
