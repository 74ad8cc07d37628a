// Package exportdata reads what the compiler writes about packages, for tools that look at types.
// Nothing is type-checked again, so it takes as long as the build, and that is cached.
package exportdata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
)

// Package is a package as the go command lists it.
type Package struct {
	ImportPath string
	Name       string
	Dir        string
	GoFiles    []string // without tests, and those only that this system builds
	Export     string   // the file of the compiler
	DepOnly    bool     // it is only what a named package needs
	Error      *struct{ Err string }
}

// List returns the packages that patterns name and all that they need, built, as the go command
// sees them in dir. The first package that cannot be built is an error.
func List(ctx context.Context, dir string, patterns ...string) ([]Package, error) {
	const fields = "-json=ImportPath,Name,Dir,GoFiles,Export,DepOnly,Error"
	args := append([]string{"list", "-export", "-deps", fields}, patterns...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	var pkgs []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		err := d.Decode(&p)
		switch {
		case errors.Is(err, io.EOF):
			return pkgs, nil
		case err != nil:
			return nil, err
		case p.Error != nil:
			return nil, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		pkgs = append(pkgs, p)
	}
}

// Importer returns the types of the packages that List listed.
func Importer(fset *token.FileSet, pkgs []Package) types.Importer {
	files := make(map[string]string)
	for _, p := range pkgs {
		files[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s is not among the listed packages", path)
		}
		return os.Open(files[path])
	})
}
