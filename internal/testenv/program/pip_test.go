package program

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipUsesWhatIsThere(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(CacheEnv, cache)
	t.Setenv("PATH", "") // there is no Python to build with
	p := Pip{Package: "thing", Version: "1.2.3", Extras: "server"}
	want := pythonOf(filepath.Join(cache, "thing@1.2.3"))
	if err := os.MkdirAll(filepath.Dir(want), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(want, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := p.Install(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Install: -want +got\n%s", diff)
	}
}

func TestPipFailureLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(CacheEnv, cache)
	t.Setenv("PATH", "")
	_, err := Pip{Package: "thing", Version: "1.2.3"}.Install(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "installing thing@1.2.3") {
		t.Errorf("Install without Python: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(cache, "thing@1.2.3.lock")}, left); diff != "" {
		t.Errorf("left behind: -want +got\n%s", diff)
	}
}
