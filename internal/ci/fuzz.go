package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// fuzzTimeEnv says how long each target is fuzzed, and fuzzTime is how long otherwise.
const (
	fuzzTimeEnv = "FUZZTIME"
	fuzzTime    = 20 * time.Second
)

// fuzzMinimizeTime bounds the search for a smaller form of each input that is kept. The go
// command's 60 s would leave no time for the fuzzing.
const fuzzMinimizeTime = "1s"

// target is a function of a test file that can be fuzzed.
type target struct{ pkg, name string }

// fuzz runs every fuzz target of the module, one at a time, as the go command cannot run two. A
// target that fails does not keep the others from running: the inputs that broke them are all in
// the work tree afterwards.
func fuzz(ctx context.Context) error {
	each := fuzzTime
	if s := os.Getenv(fuzzTimeEnv); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return fmt.Errorf("%s=%q, want a duration such as 60s", fuzzTimeEnv, s)
		}
		each = d
	}
	cmd := command(ctx, nil, "go", "test", "-json", "-list", "^Fuzz", "./...")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("listing the fuzz targets: %w\n%s", err, &out)
	}
	targets, err := fuzzTargets(&out)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("no fuzz target was found")
	}
	fmt.Printf("%d targets, %v each\n", len(targets), each)
	var errs []error
	for _, t := range targets {
		fmt.Printf("-- %s %s\n", shortPackage(t.pkg), t.name)
		err := command(ctx, nil, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$",
			"-fuzztime", each.String(), "-fuzzminimizetime", fuzzMinimizeTime, t.pkg).Run()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", shortPackage(t.pkg), t.name, err))
		}
	}
	return errors.Join(errs...)
}

// fuzzTargets reads what go test -json -list printed.
func fuzzTargets(r io.Reader) ([]target, error) {
	var targets []target
	for d := json.NewDecoder(r); ; {
		var e event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return targets, nil
		}
		if err != nil {
			return nil, err
		}
		// Beside the names it prints a line for each package.
		if name := strings.TrimSpace(e.Output); e.Action == "output" &&
			strings.HasPrefix(name, "Fuzz") {
			targets = append(targets, target{e.Package, name})
		}
	}
}
