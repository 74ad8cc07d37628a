// Package apitext writes the exported API of this module as text, a line for each name, as
// api/*.txt of Go itself has it. The files under api/ in the work tree are what was agreed upon; a
// change of the API is a change of these files, and so cannot be missed in a review.
package apitext

import (
	"context"
	"fmt"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polystore/storage/internal/exportdata"
)

// module is the import path of the root package, and rootFile the name of its file.
const (
	module   = "github.com/polystore/storage"
	rootFile = "storage"
)

// Generate returns the API of the module in dir: a sorted list of lines for each file, by the
// file's name. Packages that nobody can import (programs and internal ones) and the examples have
// none.
func Generate(ctx context.Context, dir string) (map[string][]string, error) {
	pkgs, err := exportdata.List(ctx, dir, "./...")
	if err != nil {
		return nil, err
	}
	im := exportdata.Importer(token.NewFileSet(), pkgs)
	files := make(map[string][]string)
	for _, p := range pkgs {
		if p.DepOnly || !public(p) {
			continue
		}
		typed, err := im.Import(p.ImportPath)
		if err != nil {
			return nil, err
		}
		files[fileName(p.ImportPath)] = lines(typed)
	}
	return files, nil
}

func public(p exportdata.Package) bool {
	name := strings.TrimPrefix(p.ImportPath, module)
	return p.Name != "main" && !strings.Contains(name+"/", "/internal/") &&
		!strings.HasPrefix(name, "/examples/")
}

// fileName is storage.txt, providers-s3.txt, …
func fileName(importPath string) string {
	if importPath == module {
		return rootFile + ".txt"
	}
	return strings.ReplaceAll(strings.TrimPrefix(importPath, module+"/"), "/", "-") + ".txt"
}

// Check returns how the files in apiDir differ from the API of the module in dir: a line each, "-"
// for what has gone and "+" for what is new, under the name of the file. It is empty where they are
// the same.
func Check(ctx context.Context, dir, apiDir string) (string, error) {
	got, err := Generate(ctx, dir)
	if err != nil {
		return "", err
	}
	want, err := read(apiDir)
	if err != nil {
		return "", err
	}
	return diff(want, got), nil
}

// Update writes the files in apiDir, and removes those of packages that have gone.
func Update(ctx context.Context, dir, apiDir string) error {
	files, err := Generate(ctx, dir)
	if err != nil {
		return err
	}
	old, err := read(apiDir)
	if err != nil {
		return err
	}
	for name := range old {
		if files[name] == nil {
			if err := os.Remove(filepath.Join(apiDir, name)); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(apiDir, 0o777); err != nil {
		return err
	}
	for name, lines := range files {
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(apiDir, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// read returns the lines of the files in apiDir.
func read(apiDir string) (map[string][]string, error) {
	names, err := fs.Glob(os.DirFS(apiDir), "*.txt")
	if err != nil {
		return nil, err
	}
	files := make(map[string][]string)
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(apiDir, name))
		if err != nil {
			return nil, err
		}
		files[name] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	return files, nil
}

func diff(want, got map[string][]string) string {
	names := slices.Concat(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	slices.Sort(names)
	var b strings.Builder
	for _, name := range slices.Compact(names) {
		changes := diffLines(want[name], got[name])
		if len(changes) > 0 {
			fmt.Fprintf(&b, "%s:\n  %s\n", name, strings.Join(changes, "\n  "))
		}
	}
	return b.String()
}

// diffLines is sorted by the lines without their signs, so a change is two lines that stand
// together.
func diffLines(want, got []string) []string {
	all := slices.Sorted(slices.Values(slices.Concat(want, got)))
	var changes []string
	for _, line := range slices.Compact(all) {
		was, is := slices.Contains(want, line), slices.Contains(got, line)
		switch {
		case was && !is:
			changes = append(changes, "- "+line)
		case is && !was:
			changes = append(changes, "+ "+line)
		}
	}
	return changes
}
