package hostile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func TestComplete(t *testing.T) { Complete(t) }

// Each exported struct of package storage is looked at by Secret, or there is a reason not to.
func TestShownIsComplete(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, Options())
	defer b.Close()
	if _, err := b.WriteAll(t.Context(), key, small, nil); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	shown(t.Context(), b, func(v any) { seen[typeName(v)] = true })
	for _, name := range exported(t) {
		_, not := unshown[name]
		switch {
		case strings.HasSuffix(name, "Options") && name != "Options" && name != "RetryOptions":
			if seen[name] || not {
				t.Errorf("%s is what a program fills", name)
			}
		case seen[name] == not:
			t.Errorf("%s: shown %v, excluded %v", name, seen[name], not)
		}
	}
}

// exported are the exported structs of the root package.
func exported(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.TypeSpec)
			if !ok || !s.Name.IsExported() {
				return true
			}
			if _, ok := s.Type.(*ast.StructType); ok {
				names = append(names, s.Name.Name)
			}
			return true
		})
	}
	if len(names) < 30 {
		t.Fatalf("only %q", names)
	}
	return names
}
