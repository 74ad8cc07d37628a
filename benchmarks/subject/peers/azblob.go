package peers

import (
	"bytes"
	"context"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/polystore/storage/benchmarks/subject"
)

// azblobSDK is azblob: DownloadStream and Upload, which make one request each.
type azblobSDK struct {
	subject.None
	c *container.Client
}

func openAzblob(_ context.Context, t subject.Target, _ string) (subject.Subject, error) {
	key, err := container.NewSharedKeyCredential(t.AccessKey, t.SecretKey)
	if err != nil {
		return nil, err
	}
	c, err := container.NewClientWithSharedKeyCredential(t.Endpoint+"/"+t.Bucket, key, nil)
	if err != nil {
		return nil, err
	}
	return &azblobSDK{c: c}, nil
}

func (s *azblobSDK) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.c.NewBlobClient(key).DownloadStream(ctx, nil)
	if err != nil {
		return err
	}
	return subject.ReadAll(r.Body, buf)
}

func (s *azblobSDK) Write(ctx context.Context, key string, data []byte) error {
	_, err := s.c.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(bytes.NewReader(data)),
		nil)
	return err
}

func (s *azblobSDK) Stat(ctx context.Context, key string) (int64, error) {
	p, err := s.c.NewBlobClient(key).GetProperties(ctx, nil)
	if err != nil {
		return 0, err
	}
	return *p.ContentLength, nil
}

func (s *azblobSDK) Delete(ctx context.Context, key string) error {
	_, err := s.c.NewBlobClient(key).Delete(ctx, nil)
	return err
}

func (s *azblobSDK) Get(ctx context.Context, key string, w io.Writer) error {
	r, err := s.c.NewBlobClient(key).DownloadStream(ctx, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, err = io.Copy(w, r.Body)
	return err
}

func (s *azblobSDK) Put(ctx context.Context, key string, r io.Reader) error {
	_, err := s.c.NewBlockBlobClient(key).UploadStream(ctx, r, nil)
	return err
}
