package peers

import (
	"context"
	"errors"
	"io"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/polystore/storage/benchmarks/subject"
)

// gcsSDK is cloud.google.com/go/storage with its defaults. In its raw form a write has no buffer,
// and therefore no retry, and a read is not decompressed.
type gcsSDK struct {
	subject.None
	b   *storage.BucketHandle
	raw bool
}

func openGCS(ctx context.Context, t subject.Target, arg string) (subject.Subject, error) {
	c, err := storage.NewClient(ctx, option.WithoutAuthentication(),
		option.WithEndpoint(t.Endpoint+"/storage/v1/"))
	if err != nil {
		return nil, err
	}
	return &gcsSDK{b: c.Bucket(t.Bucket), raw: arg == "raw"}, nil
}

func (s *gcsSDK) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.b.Object(key).ReadCompressed(s.raw).NewReader(ctx)
	if err != nil {
		return err
	}
	return subject.ReadAll(r, buf)
}

func (s *gcsSDK) Write(ctx context.Context, key string, data []byte) error {
	w := s.b.Object(key).NewWriter(ctx)
	if s.raw {
		w.ChunkSize = 0
	}
	if _, err := w.Write(data); err != nil {
		return errors.Join(err, w.Close())
	}
	return w.Close()
}

func (s *gcsSDK) Stat(ctx context.Context, key string) (int64, error) {
	a, err := s.b.Object(key).Attrs(ctx)
	if err != nil {
		return 0, err
	}
	return a.Size, nil
}

func (s *gcsSDK) Delete(ctx context.Context, key string) error {
	return s.b.Object(key).Delete(ctx)
}

func (s *gcsSDK) Get(ctx context.Context, key string, w io.Writer) error {
	r, err := s.b.Object(key).ReadCompressed(s.raw).NewReader(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

func (s *gcsSDK) Put(ctx context.Context, key string, r io.Reader) error {
	w := s.b.Object(key).NewWriter(ctx)
	if _, err := io.Copy(w, r); err != nil {
		return errors.Join(err, w.Close())
	}
	return w.Close()
}

func (s *gcsSDK) List(ctx context.Context, prefix string) (int, error) {
	it := s.b.Objects(ctx, &storage.Query{Prefix: prefix})
	for n := 0; ; n++ {
		if _, err := it.Next(); errors.Is(err, iterator.Done) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}
