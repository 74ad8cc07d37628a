package testenv

import (
	"net"
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// MiniStack returns the shared MiniStack over plain HTTP, or ends the test as the mode says. It is
// optional as moto is. It verifies the signatures of signed URLs alone.
func MiniStack(tb testing.TB) *Server {
	tb.Helper()
	optional(tb, miniStack.name, installMiniStack)
	return miniStack.get(tb)
}

var miniStack = shared{kind: kind{
	name:      "MiniStack",
	program:   program.Pip{Package: "ministack", Version: "1.5.33"},
	ready:     "/_ministack/health",
	accessKey: "test", // it holds signed URLs against these, and looks at no other signature
	secretKey: "test",
	command:   miniStackCommand,
}}

var installMiniStack = installOnce(&miniStack)

// miniStackCommand keeps it from listening on every interface, which is its default.
func miniStackCommand(l launch) (args, env []string, err error) {
	host, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		return nil, nil, err
	}
	env = []string{"BIND_HOST=" + host, "GATEWAY_PORT=" + port, "LOG_LEVEL=ERROR"}
	return []string{"-m", "ministack.app"}, env, nil
}
