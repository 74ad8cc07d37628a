package program

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Pip is a package for Python, in a virtual environment of its own.
type Pip struct {
	Package string // "moto"
	Version string // as pip takes it behind ==
	Extras  string // "server", of moto[server]
}

// Name is the name of the package, and String that with the version.
func (p Pip) Name() string   { return p.Package }
func (p Pip) String() string { return p.Package + "@" + p.Version }

// Install is as Program.Install, and what it returns is the environment's interpreter: the scripts
// beside it begin with the path that they were installed to, and the directory is renamed after
// that. It needs python3 with its venv module.
func (p Pip) Install(ctx context.Context, progress io.Writer) (string, error) {
	return install(ctx, p, pythonOf("."), progress, p.build)
}

func (p Pip) build(ctx context.Context, dir string) error {
	if err := run(ctx, dir, os.Environ(), "python3", "-m", "venv", "."); err != nil {
		return err
	}
	what := p.Package + "==" + p.Version
	if p.Extras != "" {
		what = p.Package + "[" + p.Extras + "]==" + p.Version
	}
	return run(ctx, dir, os.Environ(), pythonOf(dir), "-m", "pip", "install", "--quiet",
		"--disable-pip-version-check", "--no-input", what)
}

// pythonOf is the interpreter of the virtual environment in dir.
func pythonOf(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", "python.exe")
	}
	return filepath.Join(dir, "bin", "python3")
}
