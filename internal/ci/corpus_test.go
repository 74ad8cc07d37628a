package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// minCorpus is how many inputs the corpus of a fuzz target has at least.
const minCorpus = 3

// Every fuzz target of the module has a corpus, whose inputs go test runs without fuzzing, and
// every corpus has its target: the go command does not look at one of a target that was renamed.
func TestCorpora(t *testing.T) {
	targets, corpora := fuzzFiles(t, os.DirFS(filepath.Join("..", "..")))
	if len(targets) == 0 {
		t.Error("no fuzz target was found")
	}
	for _, name := range targets {
		if n := corpora[name]; n < minCorpus {
			t.Errorf("testdata/fuzz of %s has %d inputs, want %d or more", name, n, minCorpus)
		}
	}
	for name := range corpora {
		if !slices.Contains(targets, name) {
			t.Errorf("%s is no fuzz target, and has a corpus", name)
		}
	}
}

// fuzzFiles returns the fuzz targets in a tree, as directory/name, and how many inputs each corpus
// has.
func fuzzFiles(t *testing.T, tree fs.FS) (targets []string, corpora map[string]int) {
	t.Helper()
	corpora = make(map[string]int)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch dir := path.Dir(name); {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
		case strings.HasSuffix(name, "_test.go") && !strings.Contains("/"+name, "/testdata/"):
			names, err := fuzzFuncs(tree, name)
			if err != nil {
				return err
			}
			for _, n := range names {
				targets = append(targets, path.Join(dir, n))
			}
		case strings.HasSuffix(path.Dir(dir), "testdata/fuzz"):
			pkg := strings.TrimSuffix(path.Dir(dir), "testdata/fuzz")
			corpora[path.Join(pkg, path.Base(dir))]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return targets, corpora
}

// fuzzFuncs are the names of a file's functions that the go command can fuzz.
func fuzzFuncs(tree fs.FS, name string) ([]string, error) {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
			names = append(names, f.Name.Name)
		}
	}
	return names, nil
}

func TestFuzzFiles(t *testing.T) {
	tree := make(fstest.MapFS)
	for name, text := range map[string]string{
		"a_test.go":                    "package p\n\nfunc FuzzA() {}\n\nfunc TestA() {}\n",
		"a.go":                         "package p\n\nfunc FuzzNot() {}\n",
		"testdata/fuzz/FuzzA/1":        "",
		"testdata/fuzz/FuzzA/2":        "",
		"b/b_test.go":                  "package b\n\nfunc FuzzB() {}\n\nfunc (t T) FuzzT() {}\n",
		"b/testdata/fuzz/FuzzGone/1":   "",
		"b/testdata/other/FuzzOther/1": "",
		"b/testdata/c_test.go":         "no Go",
	} {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	targets, corpora := fuzzFiles(t, tree)
	if d := cmp.Diff([]string{"FuzzA", "b/FuzzB"}, targets); d != "" {
		t.Errorf("targets: -want +got\n%s", d)
	}
	if d := cmp.Diff(map[string]int{"FuzzA": 2, "b/FuzzGone": 1}, corpora); d != "" {
		t.Errorf("corpora: -want +got\n%s", d)
	}
}
