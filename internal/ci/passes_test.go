package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPasses finds every test of the tree that depends on the race detector. The pass without it
// runs these, and no other is listed for it.
func TestPasses(t *testing.T) {
	root := filepath.Join("..", "..")
	files := make(map[string]map[string]*ast.File) // by directory, then by name
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root &&
			(d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil,
			parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(short))
		if files[dir] == nil {
			files[dir] = make(map[string]*ast.File)
		}
		files[dir][filepath.Base(name)] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]string)
	for dir, in := range files {
		for name, f := range in {
			// Of another package nobody here would see who looks at it.
			if byRace(f) && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s/%s depends on the race detector and is no test file", dir, name)
			}
		}
		if tests := racedTests(in); len(tests) > 0 {
			found[dir] = tests
		}
	}
	if d := cmp.Diff(found, uncounted); d != "" {
		t.Errorf("tests that depend on the race detector, and uncounted in test.go: -found +listed\n%s", d)
	}
}

// TestPassArguments holds what the go command is given against the list.
func TestPassArguments(t *testing.T) {
	all := passes()
	if len(all) != 2 || !slices.Equal(all[0], []string{"-race", "./..."}) {
		t.Fatalf("passes = %q", all)
	}
	args := all[1]
	only := regexp.MustCompile(args[slices.Index(args, "-run")+1])
	for dir, tests := range uncounted {
		if !slices.Contains(args, "./"+dir) {
			t.Errorf("%s is not in the second pass", dir)
		}
		for _, name := range tests {
			if !only.MatchString(name) {
				t.Errorf("%s of %s is not in the second pass", name, dir)
			}
		}
	}
	if only.MatchString("TestOther") || slices.Contains(args, "-race") {
		t.Errorf("the second pass is %q", args)
	}
}

// byRace reports whether the race detector decides, where this file is built at all, that it is.
func byRace(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			x, err := constraint.Parse(c.Text)
			depends := false
			if err == nil {
				x.Eval(func(tag string) bool { depends = depends || tag == "race"; return true })
				x.Eval(func(tag string) bool { depends = depends || tag == "race"; return false })
			}
			if depends {
				return true
			}
		}
	}
	return false
}

// racedTests are the tests among the files of a directory that depend on the race detector: they,
// or what they name, and so on, stand in a file for or without it. Names are compared alone, which
// finds too many tests rather than too few.
func racedTests(files map[string]*ast.File) []string {
	tests := make(map[string]bool)
	for _, pkg := range []string{"", "_test"} {
		names := make(map[string]map[string]bool) // by a declaration, what it names
		raced := make(map[string]bool)
		for file, f := range files {
			if !strings.HasSuffix(file, "_test.go") ||
				strings.HasSuffix(f.Name.Name, "_test") != (pkg != "") {
				continue
			}
			for name, node := range declared(f) {
				if byRace(f) {
					raced[name] = true
				}
				if names[name] == nil {
					names[name] = make(map[string]bool)
				}
				ast.Inspect(node, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok {
						names[name][id.Name] = true
					}
					return true
				})
			}
		}
		for grew := true; grew; {
			grew = false
			for name, named := range names {
				for other := range named {
					if raced[other] && !raced[name] {
						raced[name], grew = true, true
					}
				}
			}
		}
		for name := range raced {
			if isTest.MatchString(name) {
				tests[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(tests))
}

// isTest matches what go test runs by default.
var isTest = regexp.MustCompile(`^(Test|Fuzz|Example)([^a-z]|$)`)

// declared are the names that a file gives to its package, each with its declaration. Methods of
// one name are several.
func declared(f *ast.File) iter.Seq2[string, ast.Node] {
	return func(yield func(string, ast.Node) bool) {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && !yield(d.Name.Name, d) {
				return
			}
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					for _, id := range s.Names {
						if !yield(id.Name, s) {
							return
						}
					}
				case *ast.TypeSpec:
					if !yield(s.Name.Name, s) {
						return
					}
				}
			}
		}
	}
}

func TestRacedTests(t *testing.T) {
	files := make(map[string]*ast.File)
	for name, text := range map[string]string{
		"race_test.go":   "//go:build race\n\npackage p\n\nconst racing, count = true, 10",
		"norace_test.go": "//go:build !race && linux\n\npackage p\n\nfunc TestWithout(t *testing.T) {}",
		"a.go":           "package p\n\nfunc TestNone() { _ = racing }",
		"a_test.go": `package p

var (
	few  = flag.Int("n", count, "")
	many = flag.Int("m", 10, "")
)

func TestSkips(t *testing.T)   { if racing { t.Skip() } }
func TestByVar(t *testing.T)   { loop(*few) }
func TestByFunc(t *testing.T)  { limit() }
func limit()                   { _ = racing }
func FuzzLimit(f *testing.F)   { limit() }
func TestNothing(t *testing.T) { loop(*many) }
func TestMain(m *testing.M)    {}
`,
		"b_test.go": "package p_test\n\nfunc TestOtherPackage(t *testing.T) { _ = racing }",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	want := []string{"FuzzLimit", "TestByFunc", "TestByVar", "TestSkips", "TestWithout"}
	if d := cmp.Diff(want, racedTests(files)); d != "" {
		t.Errorf("tests that depend on the race detector: -want +got\n%s", d)
	}
	if byRace(files["a_test.go"]) || !byRace(files["norace_test.go"]) {
		t.Error("a file depends on the race detector by its build constraint")
	}
}
