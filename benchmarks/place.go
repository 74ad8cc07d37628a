package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	proxy  *process // of the server
	gcs    *process
	gcsFar *process // the proxy of gcs
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
	case gcs, farGCS:
		if err := p.launch(&p.gcs, "gcs"); err != nil {
			return t, err
		}
		t.Service, t.Endpoint = "gcs", "http://"+p.gcs.Addr
		if w == gcs {
			return t, nil
		}
		if err := p.launch(&p.gcsFar, "proxy", "-target", p.gcs.Addr); err != nil {
			return t, err
		}
		t.Endpoint = "http://" + p.gcsFar.Addr
		return t, p.gcsFar.ask("/configure", configs[w], nil)
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
	if w == farAzure {
		t.Service = "azure"
		t.Endpoint += "/azure/" + t.AccessKey
	}
	return t, p.proxy.ask("/configure", configs[w], nil)
}

// proxyOf is the proxy that a way goes through, or nil.
func (p *place) proxyOf(w way) *process {
	switch w {
	case far, narrow, remote, farAzure:
		return p.proxy
	case farGCS:
		return p.gcsFar
	}
	return nil
}

// object makes an object to read, once, with a checksum of the whole. MinIO keeps that of an object
// that came in one request, and none of one in parts. Azure has none of its own: this library
// writes it beside the blob, whose bytes the server has dropped and makes anew.
func (p *place) object(ctx context.Context, w way, key string, size int64) error {
	near, arg := direct, ""
	switch w {
	case minio:
		near, arg = minio, fmt.Sprint("PartSize=", size)
	case farGCS:
		near = gcs
	case farAzure:
		near = azure
	}
	name := fmt.Sprint("object ", near, key)
	if p.made[name] {
		return nil
	}
	p.made[name] = true
	if near == direct {
		return p.server.ask("/make", making{Key: key, Size: size}, nil)
	}
	source, err := p.file(size)
	if err != nil {
		return err
	}
	t, err := p.target(ctx, near)
	if err != nil {
		return err
	}
	s, err := us.Open(ctx, t, arg)
	if err != nil {
		return err
	}
	if err := s.PutFile(ctx, key, source); err != nil || near != azure {
		return err
	}
	return p.server.ask("/fill", key, nil)
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

// emptyTrash removes what MinIO has replaced or deleted. It does so by itself minutes later, and a
// GiB a run is more than the memory takes that it is in.
func (p *place) emptyTrash() error {
	trash := filepath.Join(p.dir, "minio", ".minio.sys", "tmp", ".trash")
	old, err := os.ReadDir(trash)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range old {
		err = errors.Join(err, os.RemoveAll(filepath.Join(trash, e.Name())))
	}
	return err
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
