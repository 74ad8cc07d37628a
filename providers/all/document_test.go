package all

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv/defects"
)

// docs/providers.md names every scheme and every parameter of a URL, and every defect of the
// servers that the tests run on.
func TestDocument(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "providers.md"))
	if err != nil {
		t.Fatal(err)
	}
	document := string(b)
	// Each scheme's opener says which parameters it knows.
	known := regexp.MustCompile(`known are (.*)$`)
	for _, scheme := range storage.DefaultMux.Schemes() {
		if !strings.Contains(document, "`"+scheme+"`") {
			t.Errorf("the scheme %s is not there", scheme)
		}
		_, err := storage.Open(t.Context(), scheme+"://localhost?nosuchparameter=")
		if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%s: an unknown parameter: %v", scheme, err)
			continue
		}
		m := known.FindStringSubmatch(err.Error())
		if m == nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		for name := range strings.SplitSeq(m[1], ", ") {
			if name != "" && !strings.Contains(document, "`"+name+"`") {
				t.Errorf("the parameter %s of %s is not there", name, scheme)
			}
		}
	}
	for _, list := range [][]defects.Defect{defects.All, defects.GCS, defects.AzureAll} {
		for _, d := range list {
			if !strings.Contains(document, d.Name) {
				t.Errorf("the defect %q of %s is not there", d.Name, d.Server)
			}
		}
	}
}
