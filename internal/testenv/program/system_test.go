package program

import (
	"io"
	"strings"
	"testing"
)

func TestSystem(t *testing.T) {
	exe, err := System{Command: "go", Origin: "nothing"}.Install(t.Context(), io.Discard)
	if err != nil || exe == "" {
		t.Errorf("go: %q, %v", exe, err)
	}
	s := System{Command: "go", Others: []string{"no-such-command"}, Origin: "Debian's things"}
	_, err = s.Install(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "no-such-command (Debian's things)") {
		t.Errorf("without a command: %v", err)
	}
}
