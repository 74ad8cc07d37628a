package peers

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"

	"github.com/go-kit/log"
	"github.com/thanos-io/objstore"
	"github.com/thanos-io/objstore/providers/filesystem"
	"github.com/thanos-io/objstore/providers/s3"

	"github.com/polystore/storage/benchmarks/subject"
)

// thanos is github.com/thanos-io/objstore with its defaults.
type thanos struct {
	subject.None
	b objstore.Bucket
}

func openThanos(_ context.Context, t subject.Target, _ string) (subject.Subject, error) {
	if t.Service == "file" {
		b, err := filesystem.NewBucket(t.Dir)
		return &thanos{b: b}, err
	}
	c := s3.DefaultConfig
	c.Bucket, c.Region = t.Bucket, t.Region
	c.Endpoint, c.Insecure = strings.TrimPrefix(t.Endpoint, "http://"), true
	c.AccessKey, c.SecretKey = t.AccessKey, t.SecretKey
	b, err := s3.NewBucketWithConfig(log.NewNopLogger(), c, "benchmarks", nil)
	if err != nil {
		return nil, err
	}
	return &thanos{b: b}, nil
}

func (s *thanos) Get(ctx context.Context, key string, w io.Writer) error {
	r, err := s.b.Get(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

func (s *thanos) GetFile(ctx context.Context, key, path string) error {
	return objstore.DownloadFile(ctx, log.NewNopLogger(), s.b, key, path)
}

func (s *thanos) Put(ctx context.Context, key string, r io.Reader) error {
	return s.b.Upload(ctx, key, r)
}

func (s *thanos) PutFile(ctx context.Context, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.b.Upload(ctx, key, f)
}

func (s *thanos) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.b.Get(ctx, key)
	if err != nil {
		return err
	}
	return subject.ReadAll(r, buf)
}

func (s *thanos) Write(ctx context.Context, key string, data []byte) error {
	return s.b.Upload(ctx, key, bytes.NewReader(data))
}

func (s *thanos) Stat(ctx context.Context, key string) (int64, error) {
	a, err := s.b.Attributes(ctx, key)
	return a.Size, err
}

func (s *thanos) Delete(ctx context.Context, key string) error { return s.b.Delete(ctx, key) }

func (s *thanos) List(ctx context.Context, prefix string) (int, error) {
	n := 0
	err := s.b.Iter(ctx, prefix, func(string) error { n++; return nil },
		objstore.WithRecursiveIter())
	return n, err
}
