package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// A torment is a test of docs/reliability.md with the counts of a full run, and of a quick one,
// which leaves it out where it has none.
type torment struct {
	pkg, run    string
	full, quick []string
	on          []string // each has a row of it; what may be missing is named by the test
}

// What has a row. The names are those of internal/services.
var (
	inProcess = []string{"memory", "file", "gcsfake"}
	overHTTP  = []string{"gcsfake", "MinIO", "versitygw", "Azurite"}
	everyone  = []string{"memory", "file", "gcsfake", "MinIO", "versitygw", "Azurite"}
)

var torments = []torment{
	{"./internal/counted", "TestOutcomes",
		[]string{"-writes", "10000"}, []string{"-writes", "200"}, overHTTP},
	{"./internal/torture", "TestHistories",
		[]string{"-histories", "1000"}, []string{"-histories", "10"}, everyone},
	{"./internal/torture", "TestModel$",
		[]string{"-model", strings.Join(everyone, ","), "-rapid.checks", "1000"},
		[]string{"-model", strings.Join(everyone, ","), "-rapid.checks", "20"}, everyone},
	{"./internal/httpstore", "TestFaults$", []string{}, nil, []string{"httpstore"}},
	{"./providers/s3", "TestFaults/(MinIO|VersityGW)$", []string{"-faults"}, nil,
		[]string{"MinIO", "versitygw"}},
	{"./providers/gcs", "TestFaults", []string{"-faults"}, nil, []string{"gcsfake"}},
	{"./providers/azure", "TestFaults", []string{"-faults"}, nil, []string{"Azurite"}},
	{"./providers/file", "TestKillHistories|TestEachCallFails",
		[]string{"-kills", "2000"}, []string{"-kills", "20"}, []string{"file"}},
	{"./providers/file", "TestPowerCut", nil, []string{"-test.short"}, nil},
	{"./internal/resume", "TestKill", []string{"-rounds", "25"}, []string{"-rounds", "1"},
		[]string{"file", "s3", "gcs", "azure"}},
	{"./internal/torture", "TestSoak", []string{"-soak", "10m"}, []string{"-soak", "12s"},
		inProcess},
	{"./internal/planted", "TestCaught", []string{"-plant"}, nil, []string{"the code"}},
}

// quickEnv asks for the short counts.
const quickEnv = "QUICK"

// torture runs what docs/reliability.md claims and prints one table of what was tried, with what
// was not below it. A service that is missing there is a failure.
func torture(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "polystore-torture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "rows")
	env := []string{tally.Env + "=" + file}
	if os.Getenv(testenv.ModeEnv) == "" {
		env = append(env, testenv.ModeEnv+"=require")
	}
	quick := os.Getenv(quickEnv) != ""
	var s sum
	for _, c := range torments {
		args := []string{"test", c.pkg, "-run", c.run, "-count=1", "-timeout", "6h", "-args"}
		switch {
		case quick && c.quick == nil:
			s.left = append(s.left, c.pkg+" "+c.run+": it has no quick counts")
			continue
		case quick:
			args = append(args, c.quick...)
		default:
			args = append(args, c.full...)
		}
		begin := time.Now()
		err := command(ctx, env, "go", args...).Run()
		fmt.Printf("-- %s %s: %v\n", c.pkg, c.run, time.Since(begin).Round(time.Second))
		text, readErr := os.ReadFile(file)
		if errors.Is(readErr, os.ErrNotExist) {
			readErr = nil
		}
		rows, parseErr := tally.Rows(string(text))
		s.add(&c, rows, errors.Join(err, readErr, parseErr))
	}
	recorded, err := os.ReadFile(os.Getenv(testenv.NotRunEnv))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.failed = append(s.failed, err)
	}
	s.left = append(s.left, slices.Collect(strings.Lines(string(recorded)))...)
	s.print(os.Stdout)
	return errors.Join(s.failed...)
}

// sum is what a run of torture has to show.
type sum struct {
	rows   []tally.Row // of all torments so far
	left   []string    // what was not run, and why
	failed []error
}

// add takes over how c ended. rows are those of all torments so far.
func (s *sum) add(c *torment, rows []tally.Row, err error) {
	name := c.pkg + " " + c.run
	if err != nil {
		s.failed = append(s.failed, fmt.Errorf("%s: %w", name, err))
	}
	own := rows[min(len(s.rows), len(rows)):]
	for _, on := range c.on {
		if !slices.ContainsFunc(own, func(r tally.Row) bool { return r.On == on }) {
			s.failed = append(s.failed, fmt.Errorf("%s: there is no row of %s", name, on))
		}
	}
	for _, r := range own {
		if r.Lost > 0 && err == nil {
			s.failed = append(s.failed, fmt.Errorf("%s: %d lost on %s", name, r.Lost, r.On))
		}
	}
	s.rows = append(s.rows, own...)
}

// print prints the table, and what is not in it.
func (s *sum) print(w io.Writer) {
	fmt.Fprint(w, tally.Table(s.rows))
	slices.Sort(s.left)
	for _, line := range slices.Compact(s.left) {
		fmt.Fprintf(w, "not run: %s\n", strings.TrimSpace(line))
	}
	for _, err := range s.failed {
		fmt.Fprintf(w, "failed: %v\n", err)
	}
}
