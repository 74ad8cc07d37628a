package program

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestGiven(t *testing.T) {
	g := Given{Command: "thing", Env: "THING", Origin: "cargo install thing"}
	t.Setenv("THING", "")
	if _, err := g.Install(t.Context(), io.Discard); err == nil ||
		!strings.Contains(err.Error(), "THING") {
		t.Errorf("not given: %v", err)
	}
	t.Setenv("THING", t.TempDir()+"/none")
	if _, err := g.Install(t.Context(), io.Discard); err == nil {
		t.Error("what is not there was found")
	}
	exe := os.Args[0]
	t.Setenv("THING", exe)
	if got, err := g.Install(t.Context(), io.Discard); got != exe || err != nil {
		t.Errorf("given: %q, %v", got, err)
	}
}
