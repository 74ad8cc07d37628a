// Command ci runs the checks and the tests of this module, in the order of its arguments or all of
// them. It ends at the first step that fails. Three steps run only where an argument names
// them: fuzz and torture, which take their time, and api-update, which writes into the work tree.
//
// What could not be run and why is printed at the end; nothing is left out in silence.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/polystore/storage/internal/testenv"
)

// A step returns an error for what a developer has to mend.
type step struct {
	name string
	run  func(ctx context.Context) error
}

// steps are what runs without arguments, ordered so that the cheap ones fail first.
var steps = []step{
	{"fmt", gofmt},
	{"vet", vet},
	{"lint", lint},
	{"tidy", tidy},
	{"api", api},
	{"benchmarks", benchmarks},
	{"servers", servers},
	{"test", test},
}

// onDemand are the steps that run only where they are named.
var onDemand = []step{
	{"api-update", apiUpdate},
	{"fuzz", fuzz},
	{"torture", torture},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	chosen := steps
	if len(names) > 0 {
		chosen = nil
		known := slices.Concat(steps, onDemand)
		for _, name := range names {
			i := slices.IndexFunc(known, func(s step) bool { return s.name == name })
			if i < 0 {
				return fmt.Errorf("unknown step %q, known are %s", name,
					strings.Join(stepNames(known), ", "))
			}
			chosen = append(chosen, known[i])
		}
	}
	// The tests write to it what they leave out, and so do the steps.
	dir, err := os.MkdirTemp("", "polystore-ci-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv(testenv.NotRunEnv, filepath.Join(dir, "notrun")); err != nil {
		return err
	}
	for _, s := range chosen {
		fmt.Printf("== %s\n", s.name)
		begin := time.Now()
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("== %s failed: %w", s.name, err)
		}
		if s.name != "test" { // whose last line is the count
			fmt.Printf("== %s ok, %.1f s\n", s.name, time.Since(begin).Seconds())
		}
	}
	return nil
}

func stepNames(steps []step) []string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	return names
}
