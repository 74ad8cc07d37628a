package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// Environment variables with the paths of servers that take too long to build for a test run.
const (
	GarageEnv = "POLYSTORE_GARAGE" // cargo install garage: ten minutes
	RcloneEnv = "POLYSTORE_RCLONE" // go install github.com/rclone/rclone@latest: as long
)

// Garage returns the shared Garage of one node, or ends the test as the mode says. It is optional:
// where POLYSTORE_GARAGE does not name the program, that is a skip that says so.
func Garage(tb testing.TB) *Server {
	tb.Helper()
	optional(tb, garage.name, installGarage)
	return garage.get(tb)
}

// Its keys have a form of their own.
const (
	garageKey    = "GK" + "0123456789abcdef01234567"
	garageSecret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

var garage = shared{kind: kind{
	name:      "Garage",
	program:   program.Given{Command: "garage", Env: GarageEnv, Origin: "cargo install garage"},
	ready:     "/",
	status:    403,
	region:    "garage",
	accessKey: garageKey,
	secretKey: garageSecret,
	command:   garageCommand,
	settle:    settleGarage,
}}

var installGarage = installOnce(&garage)

// garageCommand writes the configuration, the ports of which are found free one after the other.
func garageCommand(l launch) (args, env []string, err error) {
	rpc, err := freeAddr()
	if err != nil {
		return nil, nil, err
	}
	text := fmt.Sprintf(`metadata_dir = %q
data_dir = %q
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = %q
rpc_public_addr = %[3]q
rpc_secret = %q

[s3_api]
s3_region = "garage"
api_bind_addr = %q
root_domain = ".s3.garage"
`, filepath.Join(l.dir, "meta"), filepath.Join(l.dir, "data"), rpc, garageSecret, l.addr)
	config := garageConfig(l)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	return []string{"-c", config, "server"}, []string{"RUST_LOG=error"}, nil
}

func garageConfig(l launch) string { return filepath.Join(l.dir, "garage.toml") }

// settleGarage gives the node its place, and makes the key.
func settleGarage(ctx context.Context, l launch) error {
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, os.Getenv(GarageEnv),
			append([]string{"-c", garageConfig(l)}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("garage %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return string(out), err
	}
	id, err := run("node", "id", "-q")
	if err != nil {
		return err
	}
	id, _, _ = strings.Cut(strings.TrimSpace(id), "@")
	for _, args := range [][]string{
		{"layout", "assign", "-z", "z", "-c", "1G", id},
		{"layout", "apply", "--version", "1"},
		{"key", "import", "--yes", "-n", "test", garageKey, garageSecret},
		{"key", "allow", "--create-bucket", garageKey},
	} {
		if _, err := run(args...); err != nil {
			return err
		}
	}
	return nil
}

// Rclone returns the shared `rclone serve s3` of a directory, or ends the test as the mode says. It
// is optional as Garage is.
func Rclone(tb testing.TB) *Server {
	tb.Helper()
	optional(tb, rclone.name, installRclone)
	return rclone.get(tb)
}

var rclone = shared{kind: kind{
	name: "rclone serve s3",
	program: program.Given{
		Command: "rclone", Env: RcloneEnv, Origin: "go install github.com/rclone/rclone@latest",
	},
	ready:   "/",
	status:  403,
	command: rcloneCommand,
}}

var installRclone = installOnce(&rclone)

func rcloneCommand(l launch) (args, env []string, err error) {
	data, err := l.mkdir("data")
	if err != nil {
		return nil, nil, err
	}
	args = []string{
		"serve", "s3", "--addr", l.addr, "--auth-key", l.accessKey + "," + l.secretKey, data,
	}
	return args, []string{"RCLONE_CONFIG=" + filepath.Join(l.dir, "rclone.conf")}, nil
}
