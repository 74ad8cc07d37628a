package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/polystore/storage/benchmarks/columnar"
	"github.com/polystore/storage/benchmarks/lean"
	"github.com/polystore/storage/benchmarks/subject/peers"
	"github.com/polystore/storage/benchmarks/work"
	_ "github.com/polystore/storage/providers/azure" // the scheme
	_ "github.com/polystore/storage/providers/gcs"   // the scheme
)

// everything returns what this program can measure: all that is written in Go.
func everything() work.Program {
	p := lean.Program()
	maps.Copy(p.Subjects, peers.Subjects())
	maps.Copy(p.Ops, columnar.Ops())
	p.Services = append(p.Services, "gcs", "azure")
	return p
}

// child is the program of package lean.
const child = "github.com/polystore/storage/benchmarks/lean/child"

// build builds child. Its directory is not the one in memory, from which some systems run nothing.
func (p *place) build(ctx context.Context) (exe string, err error) {
	dir, err := p.temp(os.TempDir())
	if err != nil {
		return "", err
	}
	exe = filepath.Join(dir, "child.exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", exe, child)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go build %s, in the directory of benchmarks: %w", child, err)
	}
	return exe, nil
}

// command returns what does the task: the lean program if that can, an interpreter and its peers,
// or this program.
func (p *place) command(ctx context.Context, t work.Task) ([]string, error) {
	if lean.Program().Can(t) {
		return []string{p.lean}, nil
	}
	if pip, ok := pythons[t.Subject]; ok {
		return p.interpreter(ctx, pip)
	}
	exe, err := os.Executable()
	return []string{exe, "work"}, err
}
