package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"polystore": main})
}

// leakChecked looks for leaked goroutines after the tests: testscript.Main exits itself.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// TestScripts runs the command as users do, on directories and in memory.
func TestScripts(t *testing.T) {
	service := newService(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// No test may find the credentials, or the metadata service, of the machine that it runs on.
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("AWS_CONFIG_FILE", e.WorkDir+"/none")
			e.Setenv("AWS_SHARED_CREDENTIALS_FILE", e.WorkDir+"/none")
			e.Setenv("SERVICE", service.URL)
			// Under the race detector every process would wait a second at its end for other goroutines to race.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exit": exit, "field": field},
	})
}

// exit CODE COMMAND…: the command ends with this very exit code.
func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit code command...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exited *exec.ExitError
		if !errors.As(err, &exited) {
			ts.Fatalf("%v", err)
		}
		code = exited.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// field NAME VARIABLE: the environment variable is set to a field of the JSON object on standard output.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field name variable")
	}
	var o map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &o))
	v, ok := o[args[0]].(string)
	if !ok {
		ts.Fatalf("standard output has no text %q", args[0])
	}
	ts.Setenv(args[1], v)
}
