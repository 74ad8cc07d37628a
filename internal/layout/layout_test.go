// Package layout keeps every verb of a provider in the file of its name, so that whoever knows one
// provider finds their way in all.
package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files says in which file of a provider a method of its Store is. A provider without the method
// has no such file.
var files = map[string]string{
	"Get":             "get.go",
	"Put":             "put.go",
	"Stat":            "stat.go",
	"Delete":          "delete.go",
	"ListPage":        "list.go",
	"Copy":            "copy.go",
	"CreateUpload":    "upload.go",
	"AbortUpload":     "upload.go",
	"PartLimits":      "upload.go",
	"PutPart":         "part.go",
	"CopyPart":        "part.go",
	"CompleteUpload":  "complete.go",
	"ListPartsPage":   "parts.go",
	"ListUploadsPage": "uploads.go",
	"DeleteBatch":     "batch.go",
	"MaxBatch":        "batch.go",
	"SignURL":         "sign.go",
	"Tags":            "tags.go",
	"Capabilities":    "capabilities.go",
	"CheckKey":        "key.go",
	"Client":          "store.go",
	"Close":           "store.go",
}

// Every method that a Store can have has its place, also those that a release adds.
func TestFilesAreComplete(t *testing.T) {
	full := reflect.TypeFor[storage.FullStore]()
	for i := range full.NumMethod() {
		if name := full.Method(i).Name; files[name] == "" {
			t.Errorf("%s has no file", name)
		}
	}
}

func TestVerbs(t *testing.T) {
	providers := filepath.Join("..", "..", "providers")
	for _, name := range []string{"azure", "file", "gcs", "memory", "s3"} {
		found := methods(t, filepath.Join(providers, name))
		for method, file := range found {
			if want, ok := files[method]; ok && file != want {
				t.Errorf("%s: %s is in %s, want %s", name, method, file, want)
			}
		}
		for _, method := range []string{"Get", "Put", "Stat", "Delete", "ListPage",
			"Capabilities"} {
			if found[method] == "" {
				t.Errorf("%s: there is no %s", name, method)
			}
		}
	}
	dirs, err := os.ReadDir(providers)
	if err != nil {
		t.Fatal(err)
	}
	dirs = slices.DeleteFunc(dirs, func(d os.DirEntry) bool { return d.Name() == "all" })
	if n := len(dirs); n != 5 {
		t.Errorf("there are %d providers, 5 are looked at", n)
	}
}

// methods are the exported methods of the type Store in dir, with the file that each is in.
func methods(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.IsExported() &&
				ofStore(fn) {
				found[fn.Name.Name] = filepath.Base(path)
			}
		}
	}
	return found
}

func ofStore(fn *ast.FuncDecl) bool {
	typ := fn.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.Name == "Store"
}
