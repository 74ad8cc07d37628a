// Package program builds programs at fixed versions, in Go or for Node.js, into a cache outside of
// the work tree.
package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// CacheEnv names the environment variable that moves the cache.
const CacheEnv = "POLYSTORE_TESTENV_CACHE"

// Program is a main package at one version.
type Program struct {
	Package string // import path
	Version string // as `go install` takes it, never a moving one such as latest
}

// Name is the name of the executable, and String that with the version.
func (p Program) Name() string   { return path.Base(p.Package) }
func (p Program) String() string { return p.Name() + "@" + p.Version }

// Cache returns the directory that holds the programs: $POLYSTORE_TESTENV_CACHE, else
// polystore-testenv in the user's cache.
func Cache() (string, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "polystore-testenv"), nil
}

// Install returns the path of the executable, and builds it first if it is not there. Of processes
// that install the same program at the same time one builds, the others wait. A build that takes
// place is announced on progress.
func (p Program) Install(ctx context.Context, progress io.Writer) (string, error) {
	exe := p.Name()
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	return install(ctx, p, exe, progress, p.build)
}

// Installer is a program that can be installed.
type Installer interface {
	Name() string
	String() string // with the version
	Install(ctx context.Context, progress io.Writer) (exe string, err error)
}

// install returns the path of the executable exe of p, and builds it first if it is not there. A
// build gets a directory of its own, which is renamed at the end, so that an interrupted one never
// counts as installed.
func install(
	ctx context.Context, p Installer, exe string, progress io.Writer,
	build func(ctx context.Context, dir string) error,
) (string, error) {
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, p.String())
	exe = filepath.Join(dir, exe)
	if installed(exe) {
		return exe, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("waiting for another installation of %s: %w", p, err)
	}
	defer lock.Close()
	if installed(exe) {
		return exe, nil
	}
	fmt.Fprintf(progress, "installing %s …\n", p)
	begin := time.Now()
	tmp, err := os.MkdirTemp(cache, p.Name()+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	err = build(ctx, tmp)
	if err == nil {
		err = os.RemoveAll(dir) // what somebody left there has no executable
	}
	if err == nil {
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		return "", fmt.Errorf("installing %s: %w", p, err)
	}
	fmt.Fprintf(progress, "installed %s in %.0f s\n", p, time.Since(begin).Seconds())
	if !installed(exe) {
		return "", fmt.Errorf("installing %s: no %s came of it", p, filepath.Base(exe))
	}
	return exe, nil
}

func (p Program) build(ctx context.Context, dir string) error {
	return run(ctx, dir, append(hostEnv(), "GOBIN="+dir), "go", "install", p.Package+"@"+p.Version)
}

// run runs a command in dir. Its output is part of the error.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
}

// hostEnv is the environment less what would build for another machine, or in another mode than `go
// install` has by itself.
func hostEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "GOOS" || name == "GOARCH" || name == "GOBIN" || name == "GOFLAGS" ||
			name == "GOWORK"
	})
}

func installed(exe string) bool {
	info, err := os.Stat(exe)
	return err == nil && info.Mode().IsRegular()
}
