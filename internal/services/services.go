// Package services gives tests an empty bucket on each service that this module is tested on, and
// says what is special there.
package services

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
)

// A Service is where an empty bucket can be had.
type Service struct {
	Name string

	// Connect makes an empty bucket and returns a function that opens it. Requests over HTTP are
	// made by client. A server that this machine lacks ends the test as testenv says.
	Connect func(t *testing.T) func(ctx context.Context, client *http.Client) (storage.Store, error)

	HTTP     bool          // it is reached over HTTP
	Protocol fault.Service // of the requests then

	ContentETags bool  // equal bytes have equal ETags
	Flat         bool  // it cannot hold a and a/b at the same time
	MixedGets    bool  // beside a write a Get can have the ETag of another version
	DeletesPass  bool  // a Delete can pass between the condition of a write and the write
	BlocksBlock  bool  // what a write in parts or a Copy leaves keeps a Create from its key
	BareParts    bool  // an object in parts has no checksum
	Local        bool  // it needs no server: it is part of every run
	PartSize     int64 // of parts that are cheap enough to be many; 0: none
	DearPart     int64 // of the smallest parts where they take their time: few objects have some
}

// All are the services, those that need no server first.
var All = []Service{
	{Name: "memory", Connect: local(func(*testing.T) (storage.Store, error) {
		return memory.New(nil)
	}), Local: true, PartSize: 64 << 10},
	{Name: "file", Connect: local(func(t *testing.T) (storage.Store, error) {
		return file.New(t.TempDir(), nil)
	}), Local: true, PartSize: 64 << 10},
	{
		Name: "gcsfake", Connect: connectGCS, HTTP: true, Protocol: fault.GCS, Local: true,
		PartSize: 256 << 10,
	},
	{
		Name: "MinIO", Connect: connectS3(testenv.MinIO, "minio"), HTTP: true, Protocol: fault.S3,
		ContentETags: true, Flat: true, DearPart: 5 << 20,
		BareParts: true, // its uploads declare no sum: see the S3 driver's uploadSums
	},
	{
		Name: "versitygw", Connect: connectS3(testenv.VersityGW, "versitygw"), HTTP: true,
		Protocol: fault.S3, ContentETags: true, Flat: true,
		DearPart:    5 << 20,
		MixedGets:   true, // see defects.ETagOfAnotherVersion
		DeletesPass: true, // see defects.DeleteAndPutOnOneETag
	},
	{
		Name: "Azurite", Connect: connectAzure, HTTP: true, Protocol: fault.Azure,
		DearPart: 64 << 10, BlocksBlock: true, // see defects.BlocksAreABlob
	},
}

// Open opens an empty bucket of the service.
func (s Service) Open(t *testing.T) *storage.Bucket {
	t.Helper()
	b, _ := s.OpenClosing(t)
	return b
}

// OpenClosing opens an empty bucket of the service, and returns a function that closes the idle
// connections to it.
func (s Service) OpenClosing(t *testing.T) (*storage.Bucket, func()) {
	t.Helper()
	connect := s.Connect(t)
	transport := httpdriver.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	store, err := connect(t.Context(), &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(store, nil)
	t.Cleanup(func() { b.Close() })
	return b, transport.CloseIdleConnections
}

type connection = func(context.Context, *http.Client) (storage.Store, error)

func local(open func(*testing.T) (storage.Store, error)) func(*testing.T) connection {
	return func(t *testing.T) connection {
		return func(context.Context, *http.Client) (storage.Store, error) { return open(t) }
	}
}

func connectGCS(t *testing.T) connection {
	s := gcsfake.Start(t, gcsfake.Options{})
	bucket := s.NewBucket(t)
	return func(ctx context.Context, client *http.Client) (storage.Store, error) {
		return gcs.New(ctx, bucket, &gcs.Options{
			Endpoint: s.URL, Anonymous: true, HTTPClient: client,
		})
	}
}

func connectS3(
	start func(testing.TB) *testenv.Server, provider string,
) func(*testing.T) connection {
	return func(t *testing.T) connection {
		s := start(t)
		bucket := s.NewBucket(t)
		return func(ctx context.Context, client *http.Client) (storage.Store, error) {
			return s3.New(ctx, bucket, &s3.Options{
				Endpoint: s.Endpoint, Region: s.Region, Provider: provider,
				AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey, HTTPClient: client,
			})
		}
	}
}

func connectAzure(t *testing.T) connection {
	s := testenv.Azurite(t)
	container := s.NewBucket(t)
	return func(ctx context.Context, client *http.Client) (storage.Store, error) {
		return azure.New(ctx, container, &azure.Options{
			Endpoint: s.Endpoint + "/" + s.AccessKey, Key: s.AzureKey(), HTTPClient: client,
		})
	}
}
