package testenv

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/polystore/storage/internal/testenv/program"
)

// readyTimeout is how long a server may take to answer; those here take a second on an idle
// machine.
const readyTimeout = time.Minute

// kind is how a sort of server is installed and started.
type kind struct {
	name    string // for messages
	program program.Installer
	tls     bool
	ready   string // the path that answers as soon as the server serves
	status  int    // with this; 0: 200

	region               string // "": us-east-1
	accessKey, secretKey string // "": any

	// command returns the arguments and the environment of one instance.
	command func(launch) (args, env []string, err error)

	// prepare, if not nil, starts what the server needs before it. settle, if not nil, does what is
	// to be done once the server serves.
	prepare func(context.Context, launch) ([]*process, error)
	settle  func(context.Context, launch) error

	// create makes a bucket; nil is by the S3 API.
	create func(ctx context.Context, s *Server, bucket string) error
}

// launch is what is decided for one instance. All paths are absolute.
type launch struct {
	addr                 string // host:port to listen on
	dir                  string // empty, for data; removed when the server is stopped
	certFile, keyFile    string // PEM; empty over plain HTTP
	accessKey, secretKey string
}

// mkdir makes a directory for the instance.
func (l launch) mkdir(name string) (string, error) {
	dir := filepath.Join(l.dir, name)
	return dir, os.Mkdir(dir, 0o700)
}

var (
	errExited = errors.New("the server ended before it was ready")
	errTaken  = errors.New("another process has taken the server's port")
)

// saysTaken is what a server prints whose port another process has taken.
const saysTaken = "address already in use"

// start installs the server if need be and returns when it serves.
func (k *kind) start(ctx context.Context) (*Server, error) {
	exe, err := k.program.Install(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		s, err := k.launch(ctx, exe)
		// Between our look for a free port and its use, another process can take it.
		if tries < 3 && (errors.Is(err, errExited) || errors.Is(err, errTaken)) {
			continue
		}
		return s, err
	}
}

func (k *kind) launch(ctx context.Context, exe string) (s *Server, err error) {
	data, err := newDataDir(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			data.remove()
		}
	}()
	// The secret is random so that a test can never work on another server than its own.
	l := launch{dir: data.path, accessKey: cmp.Or(k.accessKey, "testenv"),
		secretKey: cmp.Or(k.secretKey, rand.Text())}
	if l.addr, err = freeAddr(); err != nil {
		return nil, err
	}
	s = &Server{Name: k.name, Endpoint: "http://" + l.addr, Version: versionOf(ctx, k.program, exe),
		Region: cmp.Or(k.region, "us-east-1"), AccessKey: l.accessKey, SecretKey: l.secretKey,
		data: data, create: k.create}
	if s.create == nil {
		s.create = createS3Bucket
	}
	if k.tls {
		s.Endpoint = "https://" + l.addr
		certs, err := l.mkdir("certs")
		if err != nil {
			return nil, err
		}
		l.certFile, l.keyFile = filepath.Join(certs, "public.crt"), filepath.Join(certs,
			"private.key")
		if s.CA, err = writeCertificate(l.certFile, l.keyFile); err != nil {
			return nil, err
		}
	}
	s.Client = &http.Client{Transport: s.Transport()}
	args, env, err := k.command(l)
	if err != nil {
		return nil, err
	}
	if k.prepare != nil {
		if s.helpers, err = k.prepare(ctx, l); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				stopAll(s.helpers)
			}
		}()
	}
	if s.process, err = startProcess(exe, args, env, l.dir); err != nil {
		return nil, err
	}
	err = s.waitReady(ctx, k.ready, cmp.Or(k.status, http.StatusOK))
	if err == nil && k.settle != nil {
		err = k.settle(ctx, l)
	}
	if err != nil {
		s.process.stop()
		s.Client.CloseIdleConnections()
		return nil, fmt.Errorf("%w; its last lines were:\n%s", err, s.process.lastLines(20))
	}
	return s, nil
}

// versionOf is that of an installed program, or what one of the machine's own says.
func versionOf(ctx context.Context, p program.Installer, exe string) string {
	if p == nil {
		return ""
	}
	if _, version, ok := strings.Cut(p.String(), "@"); ok {
		return version
	}
	out, err := exec.CommandContext(ctx, exe, "--version").Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// freeAddr returns a loopback address that nobody listens on at this moment.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (s *Server) waitReady(ctx context.Context, path string, status int) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.ping(ctx, path, status)
		select {
		case <-s.process.done: // also where somebody else answered on its port
			return fmt.Errorf("%w: %w", errExited, s.process.err)
		default:
		}
		if err == nil {
			return nil
		}
		if strings.Contains(s.process.lastLines(20), saysTaken) {
			return errTaken // MinIO goes on
		}
		select {
		case <-s.process.done:
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", readyTimeout, err)
		}
	}
}

func (s *Server) ping(ctx context.Context, path string, status int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+path, nil)
	if err != nil {
		return err
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != status {
		return errors.New(resp.Status)
	}
	return nil
}
