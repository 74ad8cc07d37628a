package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"polystore": main})
}

// leakChecked looks for leaked goroutines after the tests: testscript.Main exits itself.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	testenv.StopAll()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// TestScripts runs the command as users do, on directories, in memory, and on services in this
// process.
func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script", map[string]string{
		"SERVICE": newService(t).URL,
		"GCS":     gcsfake.Start(t, gcsfake.Options{}).URL,
		"GCS_CLOSED": gcsfake.Start(t,
			gcsfake.Options{Tokens: map[string]bool{"nobody has": true}}).URL,
	})
}

// TestAzureScripts does so on Azurite.
func TestAzureScripts(t *testing.T) {
	s := testenv.Azurite(t)
	runScripts(t, "testdata/azure", map[string]string{
		"AZURE":             s.Endpoint + "/" + s.AccessKey,
		"AZURE_STORAGE_KEY": s.AzureKey(),
		"CONTAINER":         s.NewBucket(t),
	})
}

// TestEmulatorScripts does so on fake-gcs-server, as the variable names it that Google's own
// libraries know.
func TestEmulatorScripts(t *testing.T) {
	s := testenv.FakeGCS(t)
	runScripts(t, "testdata/emulator", map[string]string{
		"STORAGE_EMULATOR_HOST": strings.TrimPrefix(s.Endpoint, "http://"),
		"GOOGLE_CLOUD_PROJECT":  "project",
	})
}

func runScripts(t *testing.T, dir string, env map[string]string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// No test may find the credentials, or the metadata service, of the machine that it
			// runs on.
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("AWS_CONFIG_FILE", e.WorkDir+"/none")
			e.Setenv("AWS_SHARED_CREDENTIALS_FILE", e.WorkDir+"/none")
			e.Setenv("GCE_METADATA_HOST", "127.0.0.1:9")
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/.cache")
			for name, v := range env {
				e.Setenv(name, v)
			}
			// Under the race detector every process would wait a second at its end for other
			// goroutines to race.
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

// field NAME VARIABLE: the environment variable is set to a field of the JSON object on standard
// output.
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
