package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// The program prints the same on every store, and again when it is run again on one.
func TestSameEverywhere(t *testing.T) {
	dir := directory(filepath.Join(t.TempDir(), "data"))
	outputs := make(map[string]string)
	for name, url := range map[string]string{"file": dir, "file again": dir,
		"mem": "mem://quickstart"} {
		var out bytes.Buffer
		if err := run(t.Context(), url, &out); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, &out)
		}
		first, rest, _ := strings.Cut(out.String(), "\n")
		if !strings.HasPrefix(first, "store: ") {
			t.Errorf("%s: the first line is %q", name, first)
		}
		outputs[name] = rest
	}
	for name, out := range outputs {
		if diff := cmp.Diff(outputs["file"], out); diff != "" {
			t.Errorf("%s prints something else than file:\n%s", name, diff)
		}
	}
	for _, want := range []string{"  hugo.txt: 201 Created\n", "ana.txt again: 409 Conflict\n",
		"zoe.txt exists: false\n", `"hello from ana\n"`} {
		if !strings.Contains(outputs["file"], want) {
			t.Errorf("the output lacks %q:\n%s", want, outputs["file"])
		}
	}
}

func TestNoStore(t *testing.T) {
	for _, url := range []string{"", "nosuch://x", directory(t.TempDir()) + "&colour=blue"} {
		var out bytes.Buffer
		if err := run(t.Context(), url, &out); err == nil || out.Len() > 0 {
			t.Errorf("run(%q) = %v, printed %q", url, err, &out)
		}
	}
}
