package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/polystore/storage/benchmarks/pattern"
	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/subject/us"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/internal/testenv/program"
)

// place has the servers and the files that a run works with. What is not needed is not started.
type place struct {
	dir    string // in memory, where the system has that
	lean   string // the program of package lean
	server *process
	proxy  *process
	gcs    *process
	minio  *subject.Target
	made   map[string]bool  // objects and files
	sums   map[int64]uint32 // CRC32C of the pattern, by size
	ends   []func()
}

const bucket, region = "bench", "us-east-1"

// newPlace makes a directory, in memory where the system has one, since a disk is not what is
// compared here. It builds the lean program.
func newPlace(ctx context.Context) (*place, error) {
	base := "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() {
		base = os.TempDir()
	}
	p := &place{made: make(map[string]bool), sums: make(map[int64]uint32)}
	var err error
	if p.dir, err = p.temp(base); err == nil {
		p.lean, err = p.build(ctx)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// temp makes a directory that close removes.
func (p *place) temp(base string) (string, error) {
	dir, err := os.MkdirTemp(base, "polystore-benchmarks-")
	if err == nil {
		p.ends = append(p.ends, func() { os.RemoveAll(dir) })
	}
	return dir, err
}

func (p *place) close() {
	for _, end := range p.ends {
		defer end()
	}
}

// launch starts a process of this program, once.
func (p *place) launch(at **process, args ...string) error {
	if *at != nil {
		return nil
	}
	s, err := start(args...)
	if err != nil {
		return err
	}
	*at, p.ends = s, append(p.ends, s.stop)
	return nil
}

// target returns where the subjects of w work, and starts what is needed for it.
func (p *place) target(ctx context.Context, w way) (subject.Target, error) {
	t := subject.Target{
		Service: "s3", Bucket: bucket, Region: region, AccessKey: "bench",
		SecretKey: "YmVuY2htYXJrcw==", // Azure wants base64
	}
	switch w {
	case disk:
		dir, err := p.temp(os.TempDir())
		t.Service, t.Dir = "file", filepath.Join(dir, "bucket")
		return t, err
	case inMemory:
		t.Service = "memory"
		return t, nil
	case gcs:
		if err := p.launch(&p.gcs, "gcs"); err != nil {
			return t, err
		}
		t.Service, t.Endpoint = "gcs", "http://"+p.gcs.Addr
		return t, nil
	case minio:
		if p.minio == nil {
			started, stop, err := startMinIO(ctx, p.dir, t)
			if err != nil {
				return t, err
			}
			p.minio, p.ends = &started, append(p.ends, stop)
		}
		return *p.minio, nil
	}
	if err := p.launch(&p.server, "serve", "-dir", p.dir); err != nil {
		return t, err
	}
	switch {
	case w == azure:
		t.Service, t.Endpoint = "azure", "http://"+p.server.Addr+"/azure/"+t.AccessKey
		return t, nil
	case w == direct:
		t.Endpoint = "http://" + p.server.Addr
		return t, nil
	}
	if err := p.launch(&p.proxy, "proxy", "-target", p.server.Addr); err != nil {
		return t, err
	}
	t.Endpoint = "http://" + p.proxy.Addr
	return t, p.proxy.ask("/configure", configs[w], nil)
}

// object makes an object to read, once.
func (p *place) object(ctx context.Context, w way, key string, size int64) error {
	name := fmt.Sprint("object ", w == minio, key)
	if p.made[name] {
		return nil
	}
	p.made[name] = true
	if w != minio {
		return p.server.ask("/make", making{Key: key, Size: size}, nil)
	}
	s, err := us.Open(ctx, *p.minio, "")
	if err != nil {
		return err
	}
	return s.Put(ctx, key, pattern.New(size))
}

// file makes a file to send, once.
func (p *place) file(size int64) (string, error) {
	path := filepath.Join(p.dir, fmt.Sprintf("source-%d", size))
	if p.made[path] {
		return path, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	p.made[path] = true
	return path, pattern.Write(f, size)
}

// startMinIO starts the MinIO of the tests, and returns t with its endpoint.
func startMinIO(
	ctx context.Context, dir string, t subject.Target,
) (_ subject.Target, stop func(), err error) {
	programs := testenv.Programs()
	i := slices.IndexFunc(programs, func(p program.Installer) bool { return p.Name() == "minio" })
	exe, err := programs[i].Install(ctx, os.Stderr)
	if err != nil {
		return t, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return t, nil, err
	}
	addr := l.Addr().String()
	l.Close() // for MinIO
	t.Endpoint = "http://" + addr
	data := filepath.Join(dir, "minio")
	// A bucket of MinIO is a directory.
	if err := os.MkdirAll(filepath.Join(data, bucket), 0o700); err != nil {
		return t, nil, err
	}
	var out bytes.Buffer
	cmd := exec.Command(exe, "server", "--quiet", "--address", addr, data)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "MINIO_ROOT_USER=" + t.AccessKey,
		"MINIO_ROOT_PASSWORD=" + t.SecretKey, "MINIO_UPDATE=off", "MINIO_BROWSER=off",
	}
	cmd.Stdout, cmd.Stderr = &out, &out
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return t, nil, err
	}
	stop = func() {
		cmd.Process.Kill() // fails only where it has ended
		cmd.Wait()
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for range time.Tick(50 * time.Millisecond) {
		if err := ready(ctx, t.Endpoint+"/minio/health/ready"); err == nil {
			return t, stop, nil
		} else if ctx.Err() != nil {
			stop()
			return t, nil, fmt.Errorf("MinIO: %w\n%s", err, &out)
		}
	}
	panic("unreachable")
}

func ready(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
