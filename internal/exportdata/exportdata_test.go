package exportdata

import (
	"go/token"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestImporter(t *testing.T) {
	pkgs, err := List(t.Context(), "", ".")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(pkgs, func(p Package) bool { return !p.DepOnly })
	if i < 0 {
		t.Fatalf("of %d packages none is the named one", len(pkgs))
	}
	if p := pkgs[i]; p.Name != "exportdata" || !slices.Equal(p.GoFiles, []string{"exportdata.go"}) {
		t.Fatalf("the named package is %+v", p)
	}
	im := Importer(token.NewFileSet(), pkgs)
	for path, name := range map[string]string{pkgs[i].ImportPath: "Importer", "io": "Reader"} {
		p, err := im.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Scope().Lookup(name) == nil {
			t.Errorf("%s has no %s", path, name)
		}
	}
	if _, err := im.Import("example.invalid/p"); err == nil {
		t.Error("a package that was not listed is imported")
	}
}

func TestListFails(t *testing.T) {
	_, err := List(t.Context(), "", "./nothing")
	if err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("List of a package that is not there: %v", err)
	}
}
