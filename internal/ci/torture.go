package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// A torment is a test of docs/reliability.md with the counts of a full run, and of a quick one,
// which leaves it out where it has none.
type torment struct {
	pkg, run    string
	full, quick []string
}

var torments = []torment{
	{"./internal/counted", "TestOutcomes",
		[]string{"-writes", "10000"}, []string{"-writes", "200"}},
	{"./internal/torture", "TestHistories",
		[]string{"-histories", "1000"}, []string{"-histories", "10"}},
	{"./internal/torture", "TestModel$",
		[]string{"-model", "memory,file,gcsfake,MinIO,versitygw,Azurite", "-rapid.checks", "1000"},
		[]string{"-rapid.checks", "20"}},
	{"./providers/s3", "TestFaults/(MinIO|VersityGW)$", []string{"-faults"}, nil},
	{"./providers/gcs", "TestFaults", []string{"-faults"}, nil},
	{"./providers/azure", "TestFaults", []string{"-faults"}, nil},
	{"./providers/file", "TestKillHistories|TestEachCallFails",
		[]string{"-kills", "2000"}, []string{"-kills", "20"}},
	{"./providers/file", "TestPowerCut", nil, []string{"-test.short"}},
	{"./internal/resume", "TestKill", []string{"-rounds", "25"}, []string{"-rounds", "1"}},
	{"./internal/torture", "TestSoak", []string{"-soak", "10m"}, []string{"-soak", "12s"}},
	{"./internal/planted", "TestCaught", []string{"-plant"}, nil},
}

// quickEnv asks for the short counts.
const quickEnv = "QUICK"

// torture runs what docs/reliability.md claims and prints one table of what was tried.
func torture(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "polystore-torture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	rows := filepath.Join(dir, "rows")
	env := []string{tally.Env + "=" + rows}
	if os.Getenv(testenv.ModeEnv) == "" {
		env = append(env, testenv.ModeEnv+"=1")
	}
	quick := os.Getenv(quickEnv) != ""
	var all error
	for _, c := range torments {
		args := []string{"test", c.pkg, "-run", c.run, "-count=1", "-timeout", "6h", "-args"}
		switch {
		case quick && c.quick == nil:
			continue
		case quick:
			args = append(args, c.quick...)
		default:
			args = append(args, c.full...)
		}
		begin := time.Now()
		if err := command(ctx, env, "go", args...).Run(); err != nil {
			all = errors.Join(all, fmt.Errorf("%s %s: %w", c.pkg, c.run, err))
		}
		fmt.Printf("-- %s %s: %v\n", c.pkg, c.run, time.Since(begin).Round(time.Second))
	}
	text, err := os.ReadFile(rows)
	if err != nil {
		return errors.Join(all, err)
	}
	table, err := tally.Table(string(text))
	fmt.Print(table)
	return errors.Join(all, err)
}
