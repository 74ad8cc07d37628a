package testenv

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/polystore/storage/internal/testenv/program"
)

// Ceph returns the shared Object Gateway of a Ceph with one monitor and one OSD on memory, or ends
// the test as the mode says. Its programs are Debian's, which nothing here installs: where they are
// missing, that is a skip that names the reason. CI installs them.
func Ceph(tb testing.TB) *Server {
	tb.Helper()
	optional(tb, ceph.name, installCeph)
	return ceph.get(tb)
}

var ceph = shared{kind: kind{
	name: "Ceph",
	program: program.System{
		Command: "radosgw",
		Others: []string{
			"ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw-admin",
		},
		Origin: "Debian's radosgw, ceph-mon, ceph-osd and ceph-common",
	},
	ready:   "/",
	prepare: prepareCeph,
	command: cephCommand,
	settle:  createCephUser,
}}

var installCeph = installOnce(&ceph)

//go:embed ceph.conf
var cephConf string

var cephTemplate = template.Must(template.New("ceph.conf").Parse(cephConf))

// cephLaunch is a launch as the commands of Ceph see it.
type cephLaunch struct {
	launch
	conf string
}

func (c *cephLaunch) dirOf(name string) string { return filepath.Join(c.dir, name) }

// prepareCeph makes the cluster of the gateway: its monitor and its OSD run on until the server is
// stopped. There is no manager, which only watches.
func prepareCeph(ctx context.Context, l launch) (helpers []*process, err error) {
	c := &cephLaunch{launch: l, conf: filepath.Join(l.dir, "ceph.conf")}
	defer func() {
		if err != nil {
			stopAll(helpers)
			helpers = nil
		}
	}()
	monitor, err := freeAddr()
	if err != nil {
		return nil, err
	}
	fsid, osd := newUUID(), newUUID()
	if err := c.configure(monitor, fsid); err != nil {
		return nil, err
	}
	keyring, monmap := c.dirOf("keyring"), c.dirOf("monmap")
	err = c.run(ctx,
		[]string{"ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.",
			"--cap", "mon", "allow *"},
		[]string{"ceph-authtool", keyring, "--gen-key", "-n", "client.admin",
			"--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"},
		[]string{"monmaptool", "--create", "--fsid", fsid, "--addv", "a",
			"[v1:" + monitor + "]", monmap},
		[]string{"ceph-mon", "-i", "a", "--mkfs", "--keyring", keyring},
	)
	if err != nil {
		return nil, err
	}
	daemon := func(name string, args ...string) error {
		dir, err := c.mkdir(name)
		if err != nil {
			return err
		}
		exe, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		p, err := startProcess(exe, append(args, "-c", c.conf, "-f"), nil, dir)
		if err == nil {
			helpers = append(helpers, p)
		}
		return err
	}
	if err := daemon("ceph-mon", "-i", "a"); err != nil {
		return helpers, err
	}
	for _, args := range [][]string{
		{"osd", "create", osd},
		{"osd", "crush", "add", "osd.0", "1.0", "host=h", "root=default"},
	} {
		if err := c.ask(ctx, args...); err != nil {
			return helpers, err
		}
	}
	err = c.run(ctx, []string{"ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd})
	if err != nil {
		return helpers, err
	}
	return helpers, daemon("ceph-osd", "-i", "0")
}

// configure writes the configuration file, and makes the directories that it names.
func (c *cephLaunch) configure(monitor, fsid string) error {
	for _, name := range []string{"mon", "mon/a", "osd", "osd/0", "run", "logs"} {
		if err := os.Mkdir(c.dirOf(name), 0o700); err != nil {
			return err
		}
	}
	var text strings.Builder
	err := cephTemplate.Execute(&text, map[string]string{
		"Dir": c.dir, "Addr": c.addr, "Monitor": monitor, "FSID": fsid,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(c.conf, []byte(text.String()), 0o600)
}

// run carries out commands of Ceph, one after the other.
func (c *cephLaunch) run(ctx context.Context, commands ...[]string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for _, args := range commands {
		if err := c.command(ctx, args); err != nil {
			return err
		}
	}
	return nil
}

// ask carries out a command of the monitor, again and again until it takes it: one that has just
// begun refuses what it is asked (EPERM), also behind a command that it took.
func (c *cephLaunch) ask(ctx context.Context, args ...string) error {
	args = append([]string{"ceph", "--connect-timeout", "30"}, args...)
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.command(ctx, args)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (c *cephLaunch) command(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "CEPH_CONF=" + c.conf,
		"CEPH_ARGS=-c " + c.conf,
	}
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func cephCommand(l launch) (args, env []string, err error) {
	return []string{"-c", filepath.Join(l.dir, "ceph.conf"), "-n", "client.rgw", "-f"}, nil, nil
}

// createCephUser makes the user whose keys the server has.
func createCephUser(ctx context.Context, l launch) error {
	c := &cephLaunch{launch: l, conf: filepath.Join(l.dir, "ceph.conf")}
	return c.run(ctx, []string{"radosgw-admin", "user", "create", "--uid=test",
		"--display-name=test", "--access-key=" + l.accessKey, "--secret-key=" + l.secretKey})
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
