package floor

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/polystore/storage/benchmarks/subject"
)

// osFile is the floor of files: package os, and for a write what makes it durable and atomic, which
// is a temporary file, fsync, rename, and fsync of the directory.
type osFile struct {
	subject.None
	dir string
	n   atomic.Int64
}

// OpenOS opens the directory of t.
func OpenOS(_ context.Context, t subject.Target, _ string) (subject.Subject, error) {
	return &osFile{dir: t.Dir}, nil
}

func (s *osFile) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

func (s *osFile) Read(_ context.Context, key string, buf []byte) error {
	data, err := os.ReadFile(s.path(key))
	if err == nil && len(data) != len(buf) {
		err = fmt.Errorf("%s has %d bytes", key, len(data))
	}
	return err
}

func (s *osFile) Write(_ context.Context, key string, data []byte) error {
	path := s.path(key)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp := filepath.Join(dir, fmt.Sprintf(".tmp-%d", s.n.Add(1)))
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *osFile) Stat(_ context.Context, key string) (int64, error) {
	info, err := os.Stat(s.path(key))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *osFile) Delete(_ context.Context, key string) error { return os.Remove(s.path(key)) }

// List walks in the order of the keys, and looks at every file.
func (s *osFile) List(_ context.Context, prefix string) (int, error) {
	n := 0
	err := filepath.WalkDir(s.path(prefix), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".tmp-") {
			return err
		}
		n++
		_, err = d.Info()
		return err
	})
	return n, err
}
