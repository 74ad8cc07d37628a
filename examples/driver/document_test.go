package driver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// The code that docs/driver.md shows is the code of this package.
func TestDocument(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "driver.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(source)
	}
	blocks := strings.Split(string(document), "```go\n")[1:]
	if len(blocks) < 5 {
		t.Errorf("the document shows %d pieces of code", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(sources.String(), code) {
			t.Errorf("no file of this package has:\n%s", code)
		}
	}
}

func TestOpen(t *testing.T) {
	b, err := storage.Open(t.Context(), "table://")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Put(t.Context(), "k", strings.NewReader("v"), nil); err != nil {
		t.Error(err)
	}
	if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || string(got) != "v" {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
	if _, err := storage.Open(t.Context(), "table://?colour=blue"); !errors.Is(err,
		storage.ErrInvalid) {
		t.Errorf("an unknown parameter: %v", err)
	}
}
