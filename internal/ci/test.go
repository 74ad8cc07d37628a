package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/polystore/storage/internal/testenv"
)

// uncounted are the tests, by the directory of their package, that leave something out under the
// race detector: it allocates by itself, and takes ten times as long.
var uncounted = map[string][]string{
	".":                {"TestPartAllocations"},
	"internal/counted": {"TestOutcomes"},
	"internal/torture": {"TestHistories"},
	"providers/azure":  {"TestAllocations"},
	"providers/file":   {"TestAllocations"},
	"providers/gcs":    {"TestAllocations", "TestSmallPutAllocates"},
	"providers/memory": {"TestAllocations", "TestMemoryOfObjects"},
	"providers/s3":     {"TestAllocations", "TestListAllocations", "TestTrailedAllocations"},
}

// passes are the arguments of the runs of the tests: all of them with the race detector, and those
// that it keeps from counting without it.
func passes() [][]string {
	var names, packages []string
	for _, dir := range slices.Sorted(maps.Keys(uncounted)) {
		packages = append(packages, "./"+dir)
		names = append(names, uncounted[dir]...)
	}
	slices.Sort(names)
	only := "^(" + strings.Join(slices.Compact(names), "|") + ")$"
	return [][]string{{"-race", "./..."}, append([]string{"-run", only}, packages...)}
}

// test runs all tests with the race detector, against real servers if the environment does not
// forbid it, and reports. Two packages run at a time: more would compete for memory and for the
// servers' processors. Cached results are not taken, as the servers are no part of their keys.
func test(ctx context.Context) error {
	r := newReport(os.Stdout)
	var err, readErr error
	for _, args := range passes() {
		failed, broken := testPass(ctx, r, args)
		err, readErr = errors.Join(err, failed), errors.Join(readErr, broken)
		if ctx.Err() != nil {
			break
		}
	}
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

// testPass runs the go command once and reports to r. It returns how that failed, and what kept its
// output from being read.
func testPass(ctx context.Context, r *report, args []string) (failed, broken error) {
	var env []string
	if os.Getenv(testenv.ModeEnv) == "" {
		env = []string{testenv.ModeEnv + "=1"}
	}
	args = append([]string{"test", "-json", "-count=1", "-p", "2", "-timeout", "30m"}, args...)
	cmd := command(ctx, env, "go", args...)
	cmd.Stdout = nil // for the pipe
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err, nil
	}
	if err := cmd.Start(); err != nil {
		return err, nil
	}
	broken = r.read(out)
	return cmd.Wait(), broken
}
