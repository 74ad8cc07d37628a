package imports

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loud are the directories whose code may print, as it is no library: programs, and what serves
// this module's tests. internal/wire is a library.
var loud = []string{"cmd/", "examples/", "benchmarks/", "internal/"}

// noises are what no library does: it prints nothing, sets no finalizer and changes no global.
var noises = map[string][]string{
	"fmt":      {"Print", "Printf", "Println"},
	"os":       {"Stdout", "Stderr", "Setenv", "Unsetenv", "Clearenv", "Chdir", "Exit"},
	"log/slog": {"Default", "SetDefault", "Debug", "Info", "Warn", "Error", "Log"},
	"log":      nil, // whatever it is
	"runtime":  {"SetFinalizer", "AddCleanup"},
}

// quiet returns what is loud in a file, and what its init functions do but call Handle.
func quiet(f *ast.File) []string {
	var found []string
	names := make(map[string]string) // of the imported packages, to their paths
	for _, spec := range f.Imports {
		importPath := strings.Trim(spec.Path.Value, `"`)
		name := importPath[strings.LastIndex(importPath, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = importPath
		if importPath == "log" {
			found = append(found, "imports log")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(noises[names[x.Name]], n.Sel.Name) {
				found = append(found, x.Name+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "print" || fn.Name == "println") {
				found = append(found, fn.Name)
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" && !onlyRegisters(n.Body) {
				found = append(found, "an init that does more than register schemes")
			}
		}
		return true
	})
	return found
}

// onlyRegisters reports whether each statement is a call of Handle, such calls in a loop, or a
// local name for what they take.
func onlyRegisters(body *ast.BlockStmt) bool {
	for _, stmt := range body.List {
		switch s := stmt.(type) {
		case *ast.RangeStmt:
			if !onlyRegisters(s.Body) {
				return false
			}
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE || calls(s.Rhs) {
				return false
			}
		case *ast.ExprStmt:
			call, ok := s.X.(*ast.CallExpr)
			if !ok {
				return false
			}
			if fn, ok := call.Fun.(*ast.SelectorExpr); !ok || fn.Sel.Name != "Handle" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// calls reports whether there is a call in any of the expressions.
func calls(exprs []ast.Expr) (found bool) {
	for _, e := range exprs {
		ast.Inspect(e, func(n ast.Node) bool {
			_, ok := n.(*ast.CallExpr)
			found = found || ok
			return !found
		})
	}
	return found
}

// TestQuiet holds rule 27 of the contract: libraries print nothing, set no finalizers, change no
// globals of other packages, and register schemes at init and nothing else.
func TestQuiet(t *testing.T) {
	const root = "../.."
	files := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata"
			above := func(top string) bool { return strings.HasPrefix(rel+"/", top) }
			if hidden || slices.ContainsFunc(loud, above) && rel != "internal" &&
				!above("internal/wire/") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		for _, what := range quiet(f) {
			t.Errorf("%s: %s", rel, what)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 { // it has looked in the wrong place
		t.Errorf("%d files were read", files)
	}
}

// TestQuietFails shows that TestQuiet can fail.
func TestQuietFails(t *testing.T) {
	for source, want := range map[string]int{
		`import "fmt"; func f() { fmt.Errorf("") }`:                          0,
		`import "fmt"; func f() { fmt.Println() }`:                           1,
		`import p "fmt"; func f() { p.Printf("") }`:                          1,
		`import "os"; var w = os.Stderr`:                                     1,
		`import "os"; func f() { os.Setenv("A", "") }`:                       1,
		`import "log"; func f() { log.Print() }`:                             1,
		`import "log/slog"; func f() { slog.Info("") }`:                      1,
		`import "log/slog"; func f(l *slog.Logger) { l.Info("") }`:           0,
		`import "runtime"; func f(x *int) { runtime.SetFinalizer(x, nil) }`:  1,
		`func f() { println() }`:                                             1,
		`func init() { storage.Handle("x", nil) }`:                           0,
		`func init() { for _, s := range schemes { storage.Handle(s, o) } }`: 0,
		`func init() { o := a.B{C: d}.E; storage.Handle("x", o) }`:           0,
		`func init() { o := connect(); storage.Handle("x", o) }`:             1,
		`func init() { go f() }`:                                             1,
		`func init() { storage.Default = nil }`:                              1,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+source, 0)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", source, err))
		}
		if got := quiet(f); len(got) != want {
			t.Errorf("%s: %q, want %d", source, got, want)
		}
	}
}
