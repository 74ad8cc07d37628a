package torture

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
	_ "github.com/polystore/storage/providers/all"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// A service is where an empty bucket can be had.
type service struct {
	name string
	url  func(t *testing.T) string

	contentETags bool // equal bytes have equal ETags
	flat         bool // it cannot hold a and a/b at the same time
	// a read during a write can show the metadata of one and the ETag of the other
	mixedReads bool
	local      bool  // it needs no server: it is part of every run
	partSize   int64 // of parts that are cheap enough to be many; 0: none

	// races says why some histories fit no order although the library does what it should; empty:
	// all have to fit.
	races string
}

var services = []service{
	{name: "memory", url: func(*testing.T) string { return "mem://" }, local: true,
		partSize: 64 << 10},
	{name: "file", url: func(t *testing.T) string {
		return "file://" + filepath.ToSlash(t.TempDir())
	}, local: true, partSize: 64 << 10},
	{name: "gcsfake", url: func(t *testing.T) string {
		s := gcsfake.Start(t, gcsfake.Options{})
		return "gs://" + s.NewBucket(t) + "?" +
			url.Values{"endpoint": {s.URL}, "anonymous": {"true"}}.Encode()
	}, local: true, partSize: 256 << 10},
	{name: "MinIO", url: func(t *testing.T) string {
		return s3URL(t, testenv.MinIO(t), "minio")
	}, contentETags: true, flat: true},
	{name: "versitygw", url: func(t *testing.T) string {
		return s3URL(t, testenv.VersityGW(t), "versitygw")
	}, contentETags: true, flat: true, mixedReads: true,
		races: "a Delete and a conditional Put on " +
			"one ETag both succeed, and a read pairs the ETag and the body of two versions"},
	{name: "Azurite", url: func(t *testing.T) string {
		s := testenv.Azurite(t)
		t.Setenv("AZURE_STORAGE_KEY", s.AzureKey())
		return "az://" + s.NewBucket(t) + "?" +
			url.Values{"endpoint": {s.Endpoint + "/" + s.AccessKey}}.Encode()
	}},
}

func s3URL(t *testing.T, s *testenv.Server, provider string) string {
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	return "s3://" + s.NewBucket(t) + "?" + url.Values{
		"endpoint": {s.Endpoint}, "region": {s.Region}, "provider": {provider},
	}.Encode()
}

// open opens an empty bucket of the service.
func (s service) open(t *testing.T) *storage.Bucket {
	t.Helper()
	b, err := storage.Open(t.Context(), s.url(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}
