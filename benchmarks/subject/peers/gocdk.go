package peers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcp"

	"github.com/polystore/storage/benchmarks/subject"
)

// goCDK is gocloud.dev/blob with its defaults, or with AllowParallelDownload.
type goCDK struct {
	subject.None
	b        *blob.Bucket
	parallel bool
}

func openGoCDK(ctx context.Context, t subject.Target, arg string) (subject.Subject, error) {
	var b *blob.Bucket
	var err error
	switch t.Service {
	case "file":
		b, err = fileblob.OpenBucket(t.Dir, &fileblob.Options{CreateDir: true})
	case "gcs":
		b, err = openGCSBlob(ctx, t)
	case "azure":
		b, err = openAzureBlob(ctx, t)
	default:
		b, err = s3blob.OpenBucket(ctx, awsClient(t), t.Bucket, nil)
	}
	if err != nil {
		return nil, err
	}
	return &goCDK{b: b, parallel: arg == "parallel"}, nil
}

func (s *goCDK) Get(ctx context.Context, key string, w io.Writer) error {
	if s.parallel {
		return s.b.Download(ctx, key, w, &blob.ReaderOptions{AllowParallelDownload: true})
	}
	return s.b.Download(ctx, key, w, nil)
}

func (s *goCDK) GetFile(ctx context.Context, key, path string) error {
	return toFile(path, func(f *os.File) error { return s.Get(ctx, key, f) })
}

func (s *goCDK) Put(ctx context.Context, key string, r io.Reader) error {
	// Without a type, it would be looked for in the first bytes.
	return s.b.Upload(ctx, key, r, &blob.WriterOptions{ContentType: "application/octet-stream"})
}

func (s *goCDK) PutFile(ctx context.Context, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.Put(ctx, key, f)
}

func (s *goCDK) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.b.NewReader(ctx, key, nil)
	if err != nil {
		return err
	}
	return subject.ReadAll(r, buf)
}

func (s *goCDK) Write(ctx context.Context, key string, data []byte) error {
	return s.b.WriteAll(ctx, key, data, nil)
}

func (s *goCDK) Stat(ctx context.Context, key string) (int64, error) {
	a, err := s.b.Attributes(ctx, key)
	if err != nil {
		return 0, err
	}
	return a.Size, nil
}

func (s *goCDK) Delete(ctx context.Context, key string) error { return s.b.Delete(ctx, key) }

func (s *goCDK) List(ctx context.Context, prefix string) (int, error) {
	it := s.b.List(&blob.ListOptions{Prefix: prefix})
	for n := 0; ; n++ {
		if _, err := it.Next(ctx); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

func openGCSBlob(ctx context.Context, t subject.Target) (*blob.Bucket, error) {
	// Go CDK has its own way to an emulator.
	os.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(t.Endpoint, "http://"))
	client := gcp.NewAnonymousHTTPClient(http.DefaultTransport)
	return gcsblob.OpenBucket(ctx, client, t.Bucket, nil)
}

func openAzureBlob(ctx context.Context, t subject.Target) (*blob.Bucket, error) {
	key, err := container.NewSharedKeyCredential(t.AccessKey, t.SecretKey)
	if err != nil {
		return nil, err
	}
	c, err := container.NewClientWithSharedKeyCredential(t.Endpoint+"/"+t.Bucket, key, nil)
	if err != nil {
		return nil, err
	}
	return azureblob.OpenBucket(ctx, c, nil)
}

// ReaderAt asks for a range for each ReadAt, as programs do that need one of a blob.Bucket.
func (s *goCDK) ReaderAt(ctx context.Context, key string) (io.ReaderAt, int64, error) {
	a, err := s.b.Attributes(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	return ranges{a.Size, func(off, n int64) (io.ReadCloser, error) {
		return s.b.NewRangeReader(ctx, key, off, n, nil)
	}}, a.Size, nil
}
