package testenv

import (
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// VersityGW returns the shared versitygw over plain HTTP, or ends the test as the mode says.
func VersityGW(tb testing.TB) *Server { tb.Helper(); return versityGW.get(tb) }

// VersityGWTLS returns the shared versitygw over TLS.
func VersityGWTLS(tb testing.TB) *Server { tb.Helper(); return versityGWTLS.get(tb) }

var (
	versityGW    = shared{kind: versityGWKind("versitygw", false)}
	versityGWTLS = shared{kind: versityGWKind("versitygw over TLS", true)}
)

func versityGWKind(name string, tls bool) kind {
	return kind{
		name: name,
		program: program.Program{Package: "github.com/versity/versitygw/cmd/versitygw",
			Version: "v1.8.0"},
		tls:     tls,
		ready:   "/health",
		command: versityGWCommand,
	}
}

// versityGWCommand turns keep-alive on, without which every response ends its connection, and
// versioning, which is off without a directory. The server changes to its data directory: relative
// paths would break.
func versityGWCommand(l launch) (args, env []string, err error) {
	data, err := l.mkdir("data")
	if err != nil {
		return nil, nil, err
	}
	versions, err := l.mkdir("versions")
	if err != nil {
		return nil, nil, err
	}
	args = []string{"--port", l.addr, "--health", "/health", "--keep-alive", "--quiet"}
	if l.certFile != "" {
		args = append(args, "--cert", l.certFile, "--key", l.keyFile)
	}
	env = []string{"ROOT_ACCESS_KEY=" + l.accessKey, "ROOT_SECRET_KEY=" + l.secretKey}
	return append(args, "posix", "--versioning-dir", versions, data), env, nil
}
