package peers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/polystore/storage/benchmarks/subject"
)

// minioGo is minio-go with its defaults, and with ParallelWorkers if they are not 0.
type minioGo struct {
	subject.None
	c       *minio.Client
	bucket  string
	workers int
}

// openMinIO takes the number of ParallelWorkers, which also is that of threads of a stream upward.
func openMinIO(_ context.Context, t subject.Target, arg string) (subject.Subject, error) {
	host := strings.TrimPrefix(t.Endpoint, "http://")
	c, err := minio.New(host, &minio.Options{
		Creds: credentials.NewStaticV4(t.AccessKey, t.SecretKey, ""), Region: t.Region,
		BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return nil, err
	}
	s := &minioGo{c: c, bucket: t.Bucket}
	if arg != "" {
		if s.workers, err = strconv.Atoi(arg); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *minioGo) open(ctx context.Context, key string) (*minio.Object, error) {
	return s.c.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{ParallelWorkers: s.workers})
}

func (s *minioGo) Get(ctx context.Context, key string, w io.Writer) error {
	o, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	defer o.Close()
	_, err = io.Copy(w, o)
	return err
}

func (s *minioGo) GetFile(ctx context.Context, key, path string) error {
	return s.c.FGetObject(ctx, s.bucket, key, path,
		minio.GetObjectOptions{ParallelWorkers: s.workers})
}

func (s *minioGo) Put(ctx context.Context, key string, r io.Reader) error {
	_, err := s.c.PutObject(ctx, s.bucket, key, r, -1, minio.PutObjectOptions{
		ConcurrentStreamParts: s.workers > 0, NumThreads: uint(s.workers),
	})
	return err
}

func (s *minioGo) PutFile(ctx context.Context, key, path string) error {
	_, err := s.c.FPutObject(ctx, s.bucket, key, path,
		minio.PutObjectOptions{NumThreads: uint(s.workers)})
	return err
}

func (s *minioGo) Read(ctx context.Context, key string, buf []byte) error {
	o, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	return subject.ReadAll(o, buf)
}

func (s *minioGo) Write(ctx context.Context, key string, data []byte) error {
	_, err := s.c.PutObject(ctx, s.bucket, key, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{})
	return err
}

func (s *minioGo) Stat(ctx context.Context, key string) (int64, error) {
	info, err := s.c.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	return info.Size, err
}

func (s *minioGo) Delete(ctx context.Context, key string) error {
	return s.c.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
}

func (s *minioGo) DeleteMany(ctx context.Context, keys []string) error {
	objects := make(chan minio.ObjectInfo)
	go func() {
		defer close(objects)
		for _, key := range keys {
			objects <- minio.ObjectInfo{Key: key}
		}
	}()
	var errs []error
	for e := range s.c.RemoveObjects(ctx, s.bucket, objects, minio.RemoveObjectsOptions{}) {
		errs = append(errs, e.Err)
	}
	return errors.Join(errs...)
}

func (s *minioGo) List(ctx context.Context, prefix string) (int, error) {
	n := 0
	for o := range s.c.ListObjects(ctx, s.bucket,
		minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return n, o.Err
		}
		n++
	}
	return n, nil
}

// ReaderAt is the Object of minio-go, which has ReadAt.
func (s *minioGo) ReaderAt(ctx context.Context, key string) (io.ReaderAt, int64, error) {
	o, err := s.c.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, err
	}
	info, err := o.Stat()
	return o, info.Size, err
}
