package program

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// NPM is a package for Node.js, with everything that it needs at the versions of a lock file.
type NPM struct {
	Package  string // "azurite"
	Version  string // of it, as in Manifest
	Command  string // the executable, of those that it brings
	Manifest []byte // package.json
	Lock     []byte // package-lock.json
}

// Name is the name of the package, and String that with the version.
func (p NPM) Name() string   { return p.Package }
func (p NPM) String() string { return p.Package + "@" + p.Version }

// Install is as Program.Install. It needs node and npm.
func (p NPM) Install(ctx context.Context, progress io.Writer) (string, error) {
	exe := filepath.Join("node_modules", ".bin", p.Command)
	if runtime.GOOS == "windows" {
		exe += ".cmd"
	}
	return install(ctx, p, exe, progress, p.build)
}

func (p NPM) build(ctx context.Context, dir string) error {
	for name, content := range map[string][]byte{"package.json": p.Manifest,
		"package-lock.json": p.Lock} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	// The scripts of packages are what an attacker would use, and none is needed here.
	return run(ctx, dir, os.Environ(), "npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit",
		"--no-fund", "--loglevel=error")
}
