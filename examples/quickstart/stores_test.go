package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/fivestores"
)

// One service, five stores: by its URL alone the program runs on each, and prints the same, other
// than which store it is and who serves the link.
func TestFiveStores(t *testing.T) {
	outputs := make(map[string]string)
	links := make(map[string]bool)
	for _, s := range fivestores.All(t) {
		var out bytes.Buffer
		if err := run(t.Context(), s.URL, &out); err != nil {
			t.Errorf("%s: %v\n%s", s.Name, err, &out)
			continue
		}
		outputs[s.Name], links[s.Name] = same(out.String())
	}
	for name, out := range outputs {
		if diff := cmp.Diff(outputs["memory"], out); diff != "" {
			t.Errorf("%s prints something else than memory:\n%s", name, diff)
		}
		if signs := name != "memory" && name != "file"; links[name] != signs {
			t.Errorf("%s: the link is signed by the store: %t, want %t", name, links[name], signs)
		}
	}
	t.Logf("the same on %d stores", len(outputs))
}

// same is what the program prints without the lines that may differ; signed, whether the store
// signed the link.
func same(out string) (rest string, signed bool) {
	var b strings.Builder
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "store: "):
		case strings.HasPrefix(line, "  link: "):
			signed = strings.Contains(line, "signed by the store's own service")
		default:
			b.WriteString(line)
		}
	}
	return b.String(), signed
}
