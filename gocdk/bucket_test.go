package gocdk

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/memory"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/drivertest"
)

// harness lets the Go CDK's own suite run on a Store.
type harness struct {
	open    func(ctx context.Context) (storage.Store, error)
	missing func(ctx context.Context) (storage.Store, error) // nil: there is no such thing
	client  *http.Client
}

func (h *harness) MakeDriver(ctx context.Context) (driver.Bucket, error) {
	return h.driver(ctx, h.open)
}

func (h *harness) MakeDriverForNonexistentBucket(ctx context.Context) (driver.Bucket, error) {
	return h.driver(ctx, h.missing)
}

func (h *harness) driver(
	ctx context.Context, open func(ctx context.Context) (storage.Store, error),
) (driver.Bucket, error) {
	if open == nil {
		return nil, nil
	}
	s, err := open(ctx)
	if err != nil {
		return nil, err
	}
	return &bucket{storage.New(s, nil)}, nil
}

func (h *harness) HTTPClient() *http.Client         { return h.client }
func (h *harness) SupportsCopy() bool               { return true }
func (h *harness) SupportsNonSlashDelimiters() bool { return true }
func (h *harness) Close()                           {}

func run(t *testing.T, h *harness) {
	drivertest.RunConformanceTests(t, func(context.Context, *testing.T) (drivertest.Harness,
		error) {
		return h, nil
	}, nil)
}

// shared keeps a Store open when a driver of it is closed: the suite opens the same one again and
// again.
type shared struct{ storage.FullStore }

func (shared) Close() error { return nil }

func TestDriverMemory(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, &harness{open: func(context.Context) (storage.Store, error) { return shared{s}, nil }})
}

func TestDriverFile(t *testing.T) {
	dir := t.TempDir()
	run(t, &harness{open: func(context.Context) (storage.Store, error) {
		return file.New(dir,
			nil)
	}})
}

func TestMain(m *testing.M) { testenv.Main(m) }
