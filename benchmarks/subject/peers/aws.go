package peers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage/benchmarks/subject"
)

// awsClient is a client of aws-sdk-go-v2 with its defaults.
func awsClient(t subject.Target) *s3.Client {
	return s3.New(s3.Options{
		Region: t.Region, BaseEndpoint: &t.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(t.AccessKey, t.SecretKey, ""),
		// What LoadDefaultConfig sets, which would read this machine's files.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
}

// awsSDK is aws-sdk-go-v2, one request for one object.
type awsSDK struct {
	subject.None
	c      *s3.Client
	bucket *string
}

func openAWS(_ context.Context, t subject.Target, _ string) (subject.Subject, error) {
	return &awsSDK{c: awsClient(t), bucket: &t.Bucket}, nil
}

func (s *awsSDK) open(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := s.c.GetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

func (s *awsSDK) Get(ctx context.Context, key string, w io.Writer) error {
	r, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

func (s *awsSDK) GetFile(ctx context.Context, key, path string) error {
	return toFile(path, func(f *os.File) error { return s.Get(ctx, key, f) })
}

func (s *awsSDK) PutFile(ctx context.Context, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = s.c.PutObject(ctx, &s3.PutObjectInput{Bucket: s.bucket, Key: &key, Body: f})
	return err
}

func (s *awsSDK) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	return subject.ReadAll(r, buf)
}

func (s *awsSDK) Write(ctx context.Context, key string, data []byte) error {
	_, err := s.c.PutObject(ctx, &s3.PutObjectInput{
		Bucket: s.bucket, Key: &key, Body: bytes.NewReader(data),
	})
	return err
}

func (s *awsSDK) Stat(ctx context.Context, key string) (int64, error) {
	out, err := s.c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: s.bucket, Key: &key})
	if err != nil {
		return 0, err
	}
	return aws.ToInt64(out.ContentLength), nil
}

func (s *awsSDK) Delete(ctx context.Context, key string) error {
	_, err := s.c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket, Key: &key})
	return err
}

// DeleteMany sends batches of 1,000, one after the other: the SDK has no more than the request.
func (s *awsSDK) DeleteMany(ctx context.Context, keys []string) error {
	for batch := range slices.Chunk(keys, 1000) {
		var d types.Delete
		for _, key := range batch {
			d.Objects = append(d.Objects, types.ObjectIdentifier{Key: &key})
		}
		out, err := s.c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: s.bucket, Delete: &d})
		if err != nil {
			return err
		}
		if n := len(out.Errors); n > 0 {
			return fmt.Errorf("%d keys were not removed", n)
		}
	}
	return nil
}

func (s *awsSDK) List(ctx context.Context, prefix string) (int, error) {
	n := 0
	pages := s3.NewListObjectsV2Paginator(s.c,
		&s3.ListObjectsV2Input{Bucket: s.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, err
		}
		n += len(page.Contents)
	}
	return n, nil
}

// ReaderAt asks for a range for each ReadAt.
func (s *awsSDK) ReaderAt(ctx context.Context, key string) (io.ReaderAt, int64, error) {
	size, err := s.Stat(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	return ranges{size, func(off, n int64) (io.ReadCloser, error) {
		out, err := s.c.GetObject(ctx, &s3.GetObjectInput{
			Bucket: s.bucket, Key: &key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", off,
				off+n-1)),
		})
		if err != nil {
			return nil, err
		}
		return out.Body, nil
	}}, size, nil
}

// transferManager is the transfer manager of aws-sdk-go-v2, with its defaults.
type transferManager struct {
	subject.None
	c      *transfermanager.Client
	bucket *string
}

func openTransferManager(_ context.Context, t subject.Target, _ string) (subject.Subject, error) {
	return &transferManager{c: transfermanager.New(awsClient(t)), bucket: &t.Bucket}, nil
}

func (s *transferManager) Get(ctx context.Context, key string, w io.Writer) error {
	out, err := s.c.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: s.bucket, Key: &key})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, out.Body)
	return err
}

func (s *transferManager) GetFile(ctx context.Context, key, path string) error {
	return toFile(path, func(f *os.File) error {
		_, err := s.c.DownloadObject(ctx, &transfermanager.DownloadObjectInput{
			Bucket: s.bucket, Key: &key, WriterAt: f,
		})
		return err
	})
}

func (s *transferManager) Put(ctx context.Context, key string, r io.Reader) error {
	_, err := s.c.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: s.bucket, Key: &key, Body: r,
	})
	return err
}

func (s *transferManager) PutFile(ctx context.Context, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.Put(ctx, key, f)
}

// toFile makes the file at path for a peer that has only a writer.
func toFile(path string, write func(*os.File) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
