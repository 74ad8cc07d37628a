package filegraph

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/polystore/storage/internal/exportdata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the drawing into docs/design.md")

const begin, end = "<!-- files:begin -->", "<!-- files:end -->"

// allowed are files of the root package that may refer to each other, all or some of them, each set
// with the reason.
var allowed = []allowance{}

type allowance struct {
	files  string // separated by spaces
	reason string
}

func (a allowance) covers(cycle []string) bool {
	files := strings.Fields(a.files)
	return !slices.ContainsFunc(cycle, func(f string) bool { return !slices.Contains(files, f) })
}

// The files of the root package have layers, and docs/design.md shows them.
func TestFiles(t *testing.T) {
	root := filepath.Join("..", "..")
	pkgs, err := exportdata.List(t.Context(), root, ".")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(pkgs, func(p exportdata.Package) bool { return !p.DepOnly })
	g, err := New(pkgs[i], pkgs)
	if err != nil {
		t.Fatal(err)
	}
	drawing := g.Draw()
	t.Logf("\n%s", drawing)

	used := make([]bool, len(allowed))
	for _, cycle := range g.Cycles() {
		i := slices.IndexFunc(allowed, func(a allowance) bool { return a.covers(cycle) })
		if i < 0 {
			t.Errorf("these files refer to each other, and are not allowed to:\n%s", g.lines(cycle))
			continue
		}
		used[i] = true
	}
	for i, a := range allowed {
		if !used[i] {
			t.Errorf("no files of %q refer to each other any more: delete that line", a.files)
		}
		if a.reason == "" {
			t.Errorf("%q is allowed without a reason", a.files)
		}
	}

	name := filepath.Join(root, "docs", "design.md")
	document, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := replace(string(document), begin, end, "```text\n"+drawing+"```\n")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(want, string(document)); d != "" {
		t.Errorf("%s shows other files; go test ./internal/filegraph -update writes them:\n%s",
			name, d)
	}
}

// check makes the graph of a package out of files by their name.
func check(t *testing.T, files map[string]string) Graph {
	t.Helper()
	p := exportdata.Package{ImportPath: "p", Dir: t.TempDir()}
	for name, text := range files {
		p.GoFiles = append(p.GoFiles, name)
		if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(p.GoFiles)
	g, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGraph(t *testing.T) {
	g := check(t, map[string]string{
		"type.go": "package p\n\ntype T[V any] struct{ field V }\n\ntype base struct{ deep int " +
			"}\n",
		"alone.go":  "package p\n\nfunc alone() {}\n",
		"method.go": "package p\n\nfunc (t *T[V]) method() {}\n",
		"field.go":  "package p\n\nvar f = made.field\n",
		"made.go":   "package p\n\nvar made T[int]\n",
		"call.go":   "package p\n\nfunc call() { made.method(); back() }\n",
		"back.go":   "package p\n\nfunc back() { between(e.deep) }\n\nvar e struct{ base }\n",
		"middle.go": "package p\n\nfunc between(n int) { call() }\n",
		"above.go":  "package p\n\nvar above = call\n",
	})
	want := `refer to no other: alone type

made: refers to type
method: refers to type

field: refers to made type

above: refers to call

cycle 1: back call middle
back: refers to middle type
call: refers to back made method
middle: refers to call
`
	if d := cmp.Diff(want, g.Draw()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff([][]string{{"back", "call", "middle"}}, g.Cycles()); d != "" {
		t.Errorf("cycles: -want +got\n%s", d)
	}
}

func TestTwoCycles(t *testing.T) {
	g := check(t, map[string]string{
		"a.go": "package p\n\nfunc a() { b(); c() }\n",
		"b.go": "package p\n\nfunc b() { a() }\n",
		"c.go": "package p\n\nfunc c() { d() }\n",
		"d.go": "package p\n\nfunc d() { c() }\n",
	})
	if d := cmp.Diff([][]string{{"a", "b"}, {"c", "d"}}, g.Cycles()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff([][]string{{"c", "d"}, {"a", "b"}}, g.layers()); d != "" {
		t.Errorf("layers: -want +got\n%s", d)
	}
}

func TestAllowance(t *testing.T) {
	a := allowance{files: "a b c"}
	if !a.covers([]string{"a", "c"}) || a.covers([]string{"a", "ab"}) {
		t.Error("an allowance covers its own files, and no others")
	}
}

func TestWrap(t *testing.T) {
	words := slices.Repeat([]string{"sixteen-letters!"}, 9)
	for line := range strings.Lines(wrap("a file: refers to", words)) {
		if len(strings.TrimSuffix(line, "\n")) > width {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
