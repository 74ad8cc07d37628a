// Package imports keeps the directions in which the packages of this module may depend on each
// other.
package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const module = "github.com/polystore/storage"

// required are the packages that the rules below are about. Without one of them its rules would
// pass unseen.
var required = []string{
	"", "conformance", "driver", "driver/httpdriver", "gocdk", "providers/all", "providers/azure",
	"providers/file", "providers/gcs", "providers/memory", "providers/s3", "cmd/polystore",
	"examples/driver", "examples/quickstart",
}

// allowed says what a package of this module may import of this module, by the first rule whose
// prefix fits. A trailing slash means all that is below. Tests may import more: see testsMayImport.
var allowed = []struct {
	from string
	to   []string
}{
	{"driver", []string{""}},
	{"driver/httpdriver", []string{"", "driver"}},
	{"providers/all", []string{"providers/"}},
	{"providers/", []string{"", "driver/", "internal/"}},
	{"middleware/", []string{"", "driver/", "internal/"}},
	{"storagefs/", []string{"", "driver/", "internal/"}},
	{"gocdk/", []string{"", "driver/", "internal/"}},
	{"conformance/", []string{"", "internal/", "conformance/"}},
	{"internal/bigstream/", []string{"", "internal/bigstream/", "providers/"}}, // programs
	{"internal/fivestores/child", []string{"", "providers/"}},                  // a program
	{"internal/resume/child", []string{"", "providers/"}},                      // a program
	{"internal/captable/", []string{"", "gocdk/", "providers/"}},               // a program
	{"internal/services", []string{
		"", "driver/", "internal/", "providers/", "conformance/fault",
	}},
	{"internal/counted", []string{"", "driver/httpdriver", "internal/"}},
	{"internal/instants", []string{"", "internal/", "providers/"}},
	{"internal/resume", []string{"", "internal/", "providers/"}},
	{"internal/torture", []string{"", "internal/", "providers/"}},
	{"internal/extremes", []string{"", "providers/"}},
	{"internal/hostile", []string{"", "driver/", "internal/", "conformance/fault"}},
	{"internal/limits", []string{"conformance/"}},
	{"internal/faultplan", []string{"conformance/"}},
	{"internal/tally", []string{"conformance/"}},
	{"internal/servertable", []string{"conformance/"}},
	{"internal/", []string{"", "driver/", "internal/"}},
	{"cmd/", []string{
		"", "driver/", "internal/", "conformance/", "middleware/", "providers/", "storagefs/",
	}},
	{"examples/", []string{
		"", "conformance/", "driver/", "gocdk/", "middleware/", "providers/", "storagefs/",
	}},
	{"", nil}, // the root
}

// testsMayImport is what a package's tests may import of this module beside what the package itself
// may.
var testsMayImport = []string{"", "conformance/", "internal/", "providers/memory"}

// testsMayAlso is what the tests of some packages may import beside that: the Go CDK's own suite
// runs on every provider.
var testsMayAlso = map[string][]string{
	"gocdk/": {"providers/"}, "internal/servertable": {"providers/"},
}

// mayReach says what of other modules a package may reach beside the standard library, however
// indirectly. A trailing slash means all that is below.
var mayReach = map[string][]string{
	"":                  nil,
	"driver":            nil,
	"driver/httpdriver": {"github.com/minio/crc64nvme", "github.com/klauspost/cpuid/"},
	"providers/memory":  nil,
}

// forbidden are packages that must not be linked: into the packages with the prefix.
var forbidden = []struct {
	from, to string
}{
	{"", "net/http"}, // the root alone: an exact name, as it has no trailing slash
	{"driver", "net/http"},
	{"providers/memory", "net/http"},
	{"conformance/", "pgregory.net/rapid"},
	{"conformance/", "go.uber.org/goleak"},
	{"conformance/", "github.com/anishathalye/porcupine"},
	{"conformance/", module + "/internal/testenv"},
	{"cmd/", "pgregory.net/rapid"},
	{"cmd/", "go.uber.org/goleak"},
	{"cmd/", "github.com/anishathalye/porcupine"},
	{"cmd/", module + "/internal/testenv"},
	{"providers/", module + "/internal/testenv"},
	{"examples/", module + "/internal/testenv"},
}

type pkg struct {
	ImportPath                               string
	Standard                                 bool
	Imports, TestImports, XTestImports, Deps []string
	Error                                    *struct{ Err string }
}

// name is the import path within this module.
func (p pkg) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// within says whether the package called name is pattern, or below it if it ends in a slash.
func within(name, pattern string) bool {
	if below, ok := strings.CutSuffix(pattern, "/"); ok {
		return name == below || strings.HasPrefix(name, pattern)
	}
	return name == pattern
}

func inModule(path string) (name string, ok bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestDirections(t *testing.T) {
	pkgs := list(t, "./...")
	for _, name := range required {
		if !slices.ContainsFunc(pkgs, func(p pkg) bool { return p.name() == name }) {
			t.Errorf("package %q is gone: its rules here are void", name)
		}
	}
	for _, p := range pkgs {
		i := slices.IndexFunc(allowed, func(a struct {
			from string
			to   []string
		}) bool {
			return within(p.name(), a.from)
		})
		if i < 0 {
			t.Errorf("%s: no rule says what it may import", p.ImportPath)
			continue
		}
		check := func(kind string, imports []string, may []string) {
			for _, path := range imports {
				to, ours := inModule(path)
				// A test in another package of the same directory imports what it tests.
				fits := func(m string) bool { return within(to, m) }
				if ours && to != p.name() && !slices.ContainsFunc(may, fits) {
					t.Errorf("%s %s %s, and may not", p.ImportPath, kind, path)
				}
			}
		}
		may := allowed[i].to
		check("imports", p.Imports, may)
		mayTest := slices.Concat(may, testsMayImport, testsMayAlso[allowed[i].from])
		check("imports in its tests", p.TestImports, mayTest)
		check("imports in its external tests", p.XTestImports, mayTest)
	}
}

func TestReach(t *testing.T) {
	for name, others := range mayReach {
		for _, p := range list(t, "-deps", "./"+name) {
			_, ours := inModule(p.ImportPath)
			fits := func(o string) bool { return within(p.ImportPath, o) }
			if !ours && !p.Standard && !slices.ContainsFunc(others, fits) {
				t.Errorf("%q depends on %s", name, p.ImportPath)
			}
		}
	}
}

func TestForbidden(t *testing.T) {
	pkgs := list(t, "./...")
	for _, f := range forbidden {
		found := false
		for _, p := range pkgs {
			if !within(p.name(), f.from) {
				continue
			}
			found = true
			if slices.Contains(p.Deps, f.to) {
				t.Errorf("%s depends on %s", p.ImportPath, f.to)
			}
		}
		if !found {
			t.Errorf("no package is %q", f.from)
		}
	}
}

// A program with the root and providers/memory is no larger than this when it is stripped.
const smallProgram = 3_000_000

func TestSmallProgram(t *testing.T) {
	const program = "./internal/imports/testdata/small"
	for _, p := range list(t, "-deps", program) {
		if _, ours := inModule(p.ImportPath); !ours && !p.Standard || p.ImportPath == "net/http" {
			t.Errorf("it links %s", p.ImportPath)
		}
	}
	exe := filepath.Join(t.TempDir(), "small")
	run(t, "build", "-trimpath", "-ldflags=-s -w", "-o", exe, program)
	info, err := os.Stat(exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > smallProgram {
		t.Errorf("it has %d bytes, more than %d", info.Size(), smallProgram)
	}
	out, err := exec.CommandContext(t.Context(), exe).Output()
	if err != nil || string(out) != "hello\n" {
		t.Errorf("it printed %q, %v", out, err)
	}
}

// list runs go list -json in the module's root. A package that cannot be loaded is fatal.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	const fields = "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps,Error"
	out := run(t, append([]string{"list", fields}, args...)...)
	var pkgs []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Error != nil {
			t.Fatalf("%s: %s", p.ImportPath, p.Error.Err)
		}
		pkgs = append(pkgs, p)
	}
}

// run runs the go command in the module's root and returns what it printed.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}
