package readme

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// runProgram builds the program in a module of its own, as a reader does. Where a text block
// follows, it runs, and prints that.
func runProgram(t *testing.T, b block) error {
	t.Helper()
	dir := t.TempDir()
	if err := newModule(dir, b.text); err != nil {
		return err
	}
	exe := filepath.Join(dir, "program.exe")
	if _, err := command(t, dir, "go", "build", "-o", exe, "."); err != nil {
		return err
	}
	if !b.hasText {
		return nil
	}
	out, err := command(t, dir, exe)
	if err != nil {
		return err
	}
	if d := cmp.Diff(b.output, out); d != "" {
		return fmt.Errorf("it prints something else (-README +program):\n%s", d)
	}
	return nil
}

// newModule makes dir the module of a program that uses this one, as it is in the work tree.
func newModule(dir, program string) error {
	here, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	// Known sums keep the go command from asking for them over the network.
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	mod := "module example.com/program\n\ngo 1.26\n\nrequire " + module + " v0.0.0\n\n" +
		"replace " + module + " => " + strconv.Quote(filepath.ToSlash(here)) + "\n"
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o666),
		os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o666),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666),
	)
}

// command runs a command in dir and returns what it printed. Its errors have the rest.
func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod", "GOWORK=off")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, &stdout,
			&stderr)
	}
	return stdout.String(), nil
}

// The test would notice a program that does not compile, and one that prints something else.
func TestRunProgram(t *testing.T) {
	const program = `package main

import (
	"context"
	"fmt"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

func main() {
	b, err := storage.Open(context.Background(), "mem://")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Close())
}
`
	for _, test := range []struct {
		name string
		give block
		want string // within the error; "" is none
	}{
		{"good", block{text: program, output: "<nil>\n", hasText: true}, ""},
		{"other output", block{text: program, output: "nil\n", hasText: true}, "something else"},
		{"output not shown", block{text: program}, ""},
		{"no such name", block{text: strings.Replace(program, "Open", "Opem", 1)}, "storage.Opem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := runProgram(t, test.give)
			fails := err != nil && strings.Contains(err.Error(), test.want)
			if test.want == "" && err != nil || test.want != "" && !fails {
				t.Errorf("runProgram: %v, want %q", err, test.want)
			}
		})
	}
}
