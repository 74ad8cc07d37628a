package all

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/polystore/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// schemes are those of each provider beside this package.
var schemes = map[string][]string{
	"azure":  {"abfs", "abfss", "az", "azblob"},
	"file":   {"file"},
	"gcs":    {"gcs", "gs"},
	"memory": {"mem"},
	"s3":     {"s3", "s3a"},
}

// Every provider is known here, and what it registers is registered.
func TestEveryProvider(t *testing.T) {
	dirs, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		name := dir.Name()
		files, err := filepath.Glob(filepath.Join("..", name, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if _, known := schemes[name]; !known && name != "all" && len(files) > 0 {
			t.Errorf("provider %q is forgotten: import it here, and name its schemes in this test",
				name)
		}
	}
	var want []string
	for _, some := range schemes {
		want = append(want, some...)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, storage.DefaultMux.Schemes()); diff != "" {
		t.Errorf("registered schemes (-want +got):\n%s", diff)
	}
}

// A Mux that does not know a scheme of this module names the package to import.
func TestForgottenImport(t *testing.T) {
	var m storage.Mux
	for name, some := range schemes {
		for _, scheme := range some {
			_, err := m.Open(t.Context(), scheme+"://bucket")
			if err == nil || !strings.Contains(err.Error(), "providers/"+name+"?") {
				t.Errorf("%s: %v", scheme, err)
			}
		}
	}
}
