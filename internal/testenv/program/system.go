package program

import (
	"context"
	"fmt"
	"io"
	"os/exec"
)

// System is a program of the machine's own packages, which is found and never installed here.
type System struct {
	Command string   // whose path Install returns
	Others  []string // commands that it needs
	Origin  string   // what brings them, for the error
}

// Name is the command, and String the same: its version is the machine's.
func (s System) Name() string   { return s.Command }
func (s System) String() string { return s.Command }

// Install looks for the commands in PATH.
func (s System) Install(context.Context, io.Writer) (string, error) {
	for _, name := range append([]string{s.Command}, s.Others...) {
		if _, err := exec.LookPath(name); err != nil {
			return "", fmt.Errorf("there is no %s (%s)", name, s.Origin)
		}
	}
	return exec.LookPath(s.Command)
}
