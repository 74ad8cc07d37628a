package program

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Given is a program that takes too long to build for a test run: an environment variable says
// where it is.
type Given struct {
	Command string
	Env     string // with its path
	Origin  string // what builds it, for the error
}

// Name is the command, and String the same: its version is not known.
func (g Given) Name() string   { return g.Command }
func (g Given) String() string { return g.Command }

// Install returns what the environment variable says.
func (g Given) Install(context.Context, io.Writer) (string, error) {
	exe := os.Getenv(g.Env)
	if exe == "" {
		return "", fmt.Errorf("%s does not say where it is (%s builds it)", g.Env, g.Origin)
	}
	if _, err := os.Stat(exe); err != nil {
		return "", err
	}
	return exe, nil
}
