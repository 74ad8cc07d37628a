// Package testenv gives tests real servers: installed at fixed versions, started on free loopback
// ports with throw-away data, shared by the tests of one process, and stopped by [Main].
//
// The environment variable POLYSTORE_TESTENV says whether there are any. Unset or 0: no server is
// started, tests that need one skip. 1: servers are installed and started, and what cannot be is a
// skip that names the reason. require: that is a failure.
//
// A new server is one file: a [kind] in a [shared], and an exported function that asks it.
package testenv

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Environment variables.
const (
	ModeEnv   = "POLYSTORE_TESTENV" // "", "0", "1" or "require"
	NotRunEnv = "POLYSTORE_NOTRUN"  // a file; what was not run is appended to it, a line each
)

// startTimeout bounds a start, which can include a build of several minutes on a small machine.
const startTimeout = 20 * time.Minute

// Main is the TestMain of packages that use servers: it runs the tests, stops the servers, looks
// for leaked goroutines, and exits.
func Main(
	m *testing.M, options ...goleak.Option,
) {
	goleak.VerifyTestMain(stopAfter{m}, options...)
}

type stopAfter struct{ m *testing.M }

func (s stopAfter) Run() int {
	code := s.m.Run()
	StopAll()
	return code
}

// NotRun skips the test and records that what was not run, and why.
func NotRun(tb testing.TB, what, why string) {
	tb.Helper()
	why = oneLine(why)
	if err := Record(what, why); err != nil {
		tb.Fatal(err)
	}
	tb.Skipf("not run: %s: %s", what, why)
}

// Record appends "what: why" to the file that POLYSTORE_NOTRUN names, if it does. It is for what is
// left out without a skip.
func Record(what, why string) error {
	name := os.Getenv(NotRunEnv)
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	// One write: lines of several processes do not mix.
	_, err = fmt.Fprintf(f, "%s: %s\n", what, oneLine(why))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(s),
		func(r rune) bool { return r == '\n' || r == '\r' }), " | ")
}

// shared is the one instance of a kind of server in this process.
type shared struct {
	kind

	once   sync.Once
	server *Server
	err    error
}

// get returns the running server, or ends the test as the mode says.
func (s *shared) get(tb testing.TB) *Server {
	tb.Helper()
	mode := os.Getenv(ModeEnv)
	switch mode {
	case "", "0":
		NotRun(tb, s.name, "set "+ModeEnv+"=1 or use make test")
	case "1", "require":
	default:
		tb.Fatalf("%s=%q, want 0, 1 or require", ModeEnv, mode)
	}
	s.once.Do(func() {
		// Not the test's context: the server outlives the test.
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		if s.server, s.err = s.start(ctx); s.err == nil {
			running.add(s.server)
		}
	})
	if s.err != nil && mode == "require" {
		tb.Fatalf("%s: %v", s.name, s.err)
	}
	if s.err != nil {
		NotRun(tb, s.name, s.err.Error())
	}
	return s.server
}

// running are the servers that StopAll stops.
var running serverList

type serverList struct {
	mu      sync.Mutex
	servers []*Server
}

func (l *serverList) add(s *Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.servers = append(l.servers, s)
}

func (l *serverList) take() []*Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	servers := l.servers
	l.servers = nil
	return servers
}

// StopAll stops the servers of this process and removes their data. It is for a TestMain that
// cannot be [Main]; no test may ask for a server after it.
func StopAll() {
	for _, s := range running.take() {
		s.stop()
	}
}
