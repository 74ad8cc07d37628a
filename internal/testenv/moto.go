package testenv

import (
	"context"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// Moto returns the shared moto over plain HTTP, or ends the test as the mode says. It is the one
// optional server: where Python cannot install it, that is a skip that names the reason, also where
// the mode is require.
//
// It holds keys that no file system does, and is for these alone: it verifies neither signatures
// nor checksums, and ignores many conditions.
func Moto(tb testing.TB) *Server {
	tb.Helper()
	optional(tb, moto.name, installMoto)
	return moto.get(tb)
}

// optional ends the test by name where servers are started, and this one cannot be installed.
func optional(tb testing.TB, what string, install func() error) {
	tb.Helper()
	if mode := os.Getenv(ModeEnv); mode != "1" && mode != "require" {
		return
	}
	if err := install(); err != nil {
		NotRun(tb, what, "optional: "+err.Error())
	}
}

var moto = shared{kind: kind{
	name:    "moto",
	program: program.Pip{Package: "moto", Version: "5.2.1", Extras: "server"},
	ready:   "/moto-api/",
	command: motoCommand,
}}

var installMoto = installOnce(&moto)

// installOnce tries once in a process.
func installOnce(s *shared) func() error {
	return sync.OnceValue(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		_, err := s.program.Install(ctx, os.Stderr)
		return err
	})
}

// motoCommand runs the package by the interpreter that it is installed for.
func motoCommand(l launch) (args, env []string, err error) {
	host, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		return nil, nil, err
	}
	return []string{"-m", "moto.server", "-H", host, "-p", port}, nil, nil
}
