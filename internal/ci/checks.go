package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/internal/testenv/program"
)

var staticcheck = program.Program{Package: "honnef.co/go/tools/cmd/staticcheck", Version: "v0.8.2"}

// command is name with our environment, the additions in env, and our output.
func command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The go command passes an interrupt on to what it runs, and a kill not.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func gofmt(ctx context.Context) error {
	// The one that belongs to the toolchain in use: another may be first in PATH, or none.
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	cmd := command(ctx, nil, filepath.Join(string(bytes.TrimSpace(root)), "bin", "gofmt"), "-l",
		"-s", ".")
	var files bytes.Buffer
	cmd.Stdout = &files
	if err := cmd.Run(); err != nil {
		return err
	}
	if files.Len() > 0 {
		return fmt.Errorf("not as gofmt -s writes them:\n%s", &files)
	}
	return nil
}

// vet looks at the files of other systems, too.
func vet(ctx context.Context) error {
	for _, goos := range []string{"", "darwin", "windows"} {
		var env []string
		if goos != "" {
			env = []string{"GOOS=" + goos, "CGO_ENABLED=0"}
		}
		if err := command(ctx, env, "go", "vet", "./...").Run(); err != nil {
			return fmt.Errorf("go vet (GOOS=%s): %w", goos, err)
		}
	}
	return nil
}

// benchmarksDir has the module of the benchmarks, whose peers are no dependencies of this one.
const benchmarksDir = "benchmarks"

// benchmarks vets, builds and tests the benchmarks: the server and the proxy that they measure
// with, and what the measured programs link. It measures nothing. The cache of the tests does not
// know of a program that a test builds or lists.
func benchmarks(ctx context.Context) error {
	for _, args := range [][]string{
		{"vet", "./..."}, {"build", "-o", os.DevNull, "."}, {"test", "-count=1", "./..."},
	} {
		cmd := command(ctx, nil, "go", args...)
		cmd.Dir = benchmarksDir
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: go %s: %w", benchmarksDir, args[0], err)
		}
	}
	return nil
}

func lint(ctx context.Context) error {
	exe, err := staticcheck.Install(ctx, os.Stdout)
	if err != nil {
		return leftOut(ctx, "staticcheck", err)
	}
	return command(ctx, nil, exe, "./...").Run()
}

// servers installs the servers of the tests.
func servers(ctx context.Context) error {
	for _, p := range testenv.Programs() {
		if _, err := p.Install(ctx, os.Stdout); err != nil {
			if err := leftOut(ctx, p.Name(), err); err != nil {
				return err
			}
		}
	}
	return nil
}

// leftOut is a failure where everything is required, and where we were interrupted; elsewhere it
// says and records what this machine could not run.
func leftOut(ctx context.Context, what string, why error) error {
	if ctx.Err() != nil || os.Getenv(testenv.ModeEnv) == "require" {
		return why
	}
	return record(what, why)
}

func record(what string, why error) error {
	fmt.Printf("not run: %s: %v\n", what, why)
	return testenv.Record(what, why.Error())
}

// tidy fails on a real difference only. That it cannot tell (it may have to download what no build
// needs) is no failure.
func tidy(ctx context.Context) error {
	cmd := command(ctx, nil, "go", "mod", "tidy", "-diff")
	var diff, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &diff, &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case diff.Len() > 0:
		return fmt.Errorf("go mod tidy would change:\n%s", &diff)
	case err != nil:
		return record("go mod tidy -diff", fmt.Errorf("%w: %s", err, &stderr))
	}
	return nil
}
