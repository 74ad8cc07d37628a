package lean_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	library = "github.com/polystore/storage/"
	module  = library + "benchmarks"
)

// own are the packages of this module that a lean program may link.
var own = []string{
	"/lean", "/lean/child", "/measure", "/pattern", "/subject", "/subject/floor", "/subject/us",
	"/work",
}

// deps are the packages that those named link, without the standard library.
func deps(t *testing.T, pkgs ...string) []string {
	t.Helper()
	args := append([]string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"},
		pkgs...)
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// fat are the packages of a program that a user of this library would not link.
func fat(linked, library []string) []string {
	return slices.DeleteFunc(slices.Clone(linked), func(p string) bool {
		name, ours := strings.CutPrefix(p, module)
		return ours && slices.Contains(own, name) || slices.Contains(library, p)
	})
}

func TestImports(t *testing.T) {
	used := deps(t, library+"providers/s3", library+"providers/file", library+"providers/memory")
	child := deps(t, module+"/lean/child")
	for _, want := range []string{
		library + "providers/s3", module + "/subject/us", module + "/subject/floor",
	} {
		if !slices.Contains(child, want) {
			t.Errorf("%s is gone: the rule here is void", want)
		}
	}
	if got := fat(child, used); len(got) > 0 {
		t.Errorf("the program in which this library is measured links\n%s",
			strings.Join(got, "\n"))
	}
}

// The rule finds what the program of the peers links.
func TestImportsFindPeers(t *testing.T) {
	used := deps(t, library+"providers/s3", library+"providers/file", library+"providers/memory")
	got := fat(deps(t, module), used)
	for _, peer := range []string{
		"cloud.google.com/go/storage", "github.com/apache/arrow-go/v18/parquet/file",
		"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager",
		"github.com/minio/minio-go/v7", "github.com/parquet-go/parquet-go",
		"github.com/thanos-io/objstore", "gocloud.dev/blob", library + "providers/gcs",
		module + "/columnar", module + "/subject/peers",
	} {
		if !slices.Contains(got, peer) {
			t.Errorf("%s was not found", peer)
		}
	}
}
