package testenv

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { Main(m) }

// fakeTB is a test that can be asked how it ended.
type fakeTB struct {
	testing.TB
	skipped, failed string
}

func (f *fakeTB) Helper() {}
func (f *fakeTB) Skipf(format string, args ...any) {
	f.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (f *fakeTB) Fatal(args ...any) { f.Fatalf("%v", args...) }

// ask runs get in a goroutine of its own, which a fake test may end, and returns how it did.
func ask(t *testing.T, s *shared) *fakeTB {
	f := &fakeTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.get(f)
	}()
	<-done
	return f
}

func TestModes(t *testing.T) {
	broken := func() *shared {
		return &shared{kind: minIOKind("Broken", false), err: errors.New("exited\nfatal: no disk")}
	}
	tests := []struct {
		name, mode      string
		skipped, failed string
		recorded        string
	}{
		{name: "unset", mode: "",
			skipped:  "not run: Broken: set POLYSTORE_TESTENV=1 or use make test",
			recorded: "Broken: set POLYSTORE_TESTENV=1 or use make test\n"},
		{name: "off", mode: "0",
			skipped:  "not run: Broken: set POLYSTORE_TESTENV=1 or use make test",
			recorded: "Broken: set POLYSTORE_TESTENV=1 or use make test\n"},
		{name: "on", mode: "1", skipped: "not run: Broken: exited | fatal: no disk",
			recorded: "Broken: exited | fatal: no disk\n"},
		{name: "required", mode: "require", failed: "Broken: exited\nfatal: no disk"},
		{name: "unknown", mode: "yes", failed: `POLYSTORE_TESTENV="yes", want 0, 1 or require`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			notRun := filepath.Join(t.TempDir(), "notrun")
			t.Setenv(ModeEnv, test.mode)
			t.Setenv(NotRunEnv, notRun)
			s := broken()
			s.once.Do(func() {}) // it has been started, and that failed
			f := ask(t, s)
			if diff := cmp.Diff([]string{test.skipped, test.failed}, []string{f.skipped,
				f.failed}); diff != "" {
				t.Errorf("skipped, failed: -want +got\n%s", diff)
			}
			recorded, err := os.ReadFile(notRun)
			if err != nil && test.recorded != "" {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.recorded, string(recorded)); diff != "" {
				t.Errorf("recorded: -want +got\n%s", diff)
			}
		})
	}
}

func TestServers(t *testing.T) {
	for _, test := range []struct {
		name string
		get  func(testing.TB) *Server
		tls  bool
	}{
		{"VersityGW", VersityGW, false}, {"VersityGWTLS", VersityGWTLS, true},
		{"MinIO", MinIO, false}, {"MinIOTLS", MinIOTLS, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := test.get(t)
			if again := test.get(t); again != s {
				t.Error("the second call started a second server")
			}
			counted, n := Count(s.Transport())
			client := &http.Client{Transport: counted}
			defer client.CloseIdleConnections()
			bucket := s.NewBucket(t)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.Endpoint+"/"+
				bucket, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("an unsigned request: %s, want 403", resp.Status)
			}
			if got := n(); got != 1 {
				t.Errorf("counted %d requests, want 1", got)
			}
			if got := strings.HasPrefix(s.Endpoint, "https://"); got != test.tls ||
				(s.CA != nil) != test.tls {
				t.Errorf("endpoint %s, CA %v", s.Endpoint, s.CA != nil)
			}
			if test.tls {
				// A client that does not know the certificate must refuse it: else the tests over
				// TLS verify nothing.
				stranger := &http.Client{Transport: &http.Transport{}}
				if resp, err := stranger.Head(s.Endpoint); err == nil {
					resp.Body.Close()
					t.Error("a client without the certificate was served")
				}
			}
		})
	}
}

// requireServers skips a test that starts a server by itself where no servers are wanted.
func requireServers(t *testing.T, name string) {
	t.Helper()
	if mode := os.Getenv(ModeEnv); mode == "" || mode == "0" {
		NotRun(t, name, "set "+ModeEnv+"=1 or use make test")
	}
}

func TestStopLeavesNothing(t *testing.T) {
	requireServers(t, "versitygw")
	k := versityGWKind("versitygw", false)
	s, err := k.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.NewBucket(t)
	s.stop()
	if _, err := os.Stat(s.data.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data is still there: %v", err)
	}
	if resp, err := s.Client.Get(s.Endpoint + "/health"); err == nil {
		resp.Body.Close()
		t.Error("the server still answers")
	}
}

// A server that does not come up is an error that says what it printed last.
func TestStartShowsLastLines(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh")
	}
	for _, test := range []struct {
		name string
		run  func() error
		want string
	}{
		{"ends at once", func() error {
			k := kind{name: "sh", ready: "/", command: func(launch) ([]string, []string, error) {
				return []string{"-c", "echo no disk; exit 3"}, nil, nil
			}}
			_, err := k.launch(t.Context(), "/bin/sh")
			return err
		}, "the server ended before it was ready: exit status 3; its last lines were:\nno disk"},
		{"goes on without its port", func() error {
			k := kind{name: "sh", ready: "/", command: func(launch) ([]string, []string, error) {
				return []string{"-c", "echo bind: " + saysTaken + "; exec sleep 100"}, nil, nil
			}}
			_, err := k.launch(t.Context(), "/bin/sh")
			return err
		}, errTaken.Error()},
		{"cannot be started", func() error {
			_, err := startProcess("/nonexistent", nil, nil, t.TempDir())
			return err
		}, "/nonexistent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.run()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestRemoveAbandoned(t *testing.T) {
	base := t.TempDir()
	abandoned, owned := filepath.Join(base, dataPrefix+"1"), filepath.Join(base, dataPrefix+"2")
	other := filepath.Join(base, "other")
	for _, dir := range []string{abandoned, owned, other} {
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	lock := ownerLock(owned)
	if _, err := lock.TryLock(); err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	removeAbandoned(base)
	left, err := filepath.Glob(filepath.Join(base, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{other, owned}, left); diff != "" {
		t.Errorf("left: -want +got\n%s", diff)
	}
}
