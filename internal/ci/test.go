package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/polystore/storage/internal/testenv"
)

// test runs all tests with the race detector, against real servers if the environment does not
// forbid it, and reports. Two packages run at a time: more would compete for memory and for the
// servers' processors. Cached results are not taken, as the servers are no part of their keys.
func test(ctx context.Context) error {
	var env []string
	if os.Getenv(testenv.ModeEnv) == "" {
		env = []string{testenv.ModeEnv + "=1"}
	}
	cmd := command(ctx, env, "go", "test", "-race", "-json", "-count=1", "-p", "2", "-timeout",
		"30m", "./...")
	cmd.Stdout = nil // for the pipe
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := newReport(os.Stdout)
	readErr := r.read(out)
	err = cmd.Wait()
	recorded, recErr := os.ReadFile(os.Getenv(testenv.NotRunEnv))
	if errors.Is(recErr, os.ErrNotExist) {
		recErr = nil
	}
	r.finish(strings.Split(strings.TrimSpace(string(recorded)), "\n"))
	if err == nil && r.total.failed > 0 {
		err = fmt.Errorf("go test did not fail, and %d tests did", r.total.failed)
	}
	return errors.Join(err, readErr, recErr)
}
