package program

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInstallUsesWhatIsThere(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(CacheEnv, cache)
	p := Program{Package: "example.invalid/cmd/thing", Version: "v1.2.3"}
	want := filepath.Join(cache, "thing@v1.2.3", "thing")
	if err := os.MkdirAll(filepath.Dir(want), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{want, want + ".exe"} {
		if err := os.WriteFile(name, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var progress strings.Builder
	got, err := p.Install(t.Context(), &progress)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.TrimSuffix(got, ".exe")); diff != "" {
		t.Errorf("Install: -want +got\n%s", diff)
	}
	if progress.Len() > 0 {
		t.Errorf("Install of what is there said %q", progress.String())
	}
}

// A build that fails leaves neither a directory that would count as installed nor a temporary one.
func TestInstallFailureLeavesNothing(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(CacheEnv, cache)
	t.Setenv("GOPROXY", "off")
	p := Program{Package: "example.invalid/thing", Version: "v1.2.3"}
	exe, err := p.Install(t.Context(), io.Discard)
	if err == nil {
		t.Fatalf("Install of a program that is nowhere = %q", exe)
	}
	if !strings.Contains(err.Error(), "thing@v1.2.3") {
		t.Errorf("error does not name the program: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(cache, "thing@v1.2.3.lock")}, left); diff != "" {
		t.Errorf("left behind: -want +got\n%s", diff)
	}
}
