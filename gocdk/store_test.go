package gocdk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// limits are what drivers of the Go CDK lack and it does not tell beforehand.
var limits = []conformance.Limit{
	{Feature: conformance.SignURL, Reason: "memblob and fileblob sign nothing unless told how"},
}

func TestConformanceMemblob(t *testing.T) {
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store, error) {
			return Store(memblob.OpenBucket(nil)),
				nil
		},
		Limits: append([]conformance.Limit{
			{Check: "copy/mod-time",
				Reason: "a copy in memblob has the time of its source (see " +
					"TestD19ContextsAndCopies)"},
		}, limits...),
	})
}

// TestConformanceBothWays goes through the Go CDK and back: what is lost on the way is what it has
// no word for.
func TestConformanceBothWays(t *testing.T) {
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store,
			error) {
			return Store(Bucket(storage.New(shared{m}, nil))), nil
		},
		Limits: limits,
	})
}

// TestConformanceFileblob leaves out what fileblob breaks on some runs and not on others:
// write/atomic (its sidecars are rewritten in place), condition/if-absent-race (shown by TestD7),
// write/new-etag and engine/changed (an ETag is a size and a time of the file system's clock, which
// stands still for milliseconds), the checks of keys that it cannot keep (shown by TestD18), and
// bucket/list, which its defect of lists breaks as well.
func TestConformanceFileblob(t *testing.T) {
	dir := t.TempDir()
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store, error) {
			b, err := fileblob.OpenBucket(dir, nil)
			if err != nil {
				return nil, err
			}
			return Store(b), nil
		},
		Only: []string{
			"bucket/[^l]*", "bucket/list-*", "checksum/*", "condition/[^i]*", "condition/if-[^a]*",
			"condition/if-absent", "context/*", "copy/*", "delete/*", "engine/[^c]*",
			"engine/c[^h]*", "field/*",
			"list/*", "metadata/*", "multipart/*", "read/*", "sign/*", "upload/*", "version/*",
			"write/[^an]*",
		},
		Limits: append([]conformance.Limit{
			{Feature: conformance.CoexistingKeys,
				Reason: "a key is a file, and a file is no directory"},
			{Feature: conformance.Lists,
				Reason: "it walks directories, which is another order, and loses keys between pages"},
		}, limits...),
	})
}

// A Store signs for 15 minutes and GET where nothing else is asked for, whatever the Go CDK does.
func TestSignURLDefaults(t *testing.T) {
	base, err := url.Parse("https://host/object")
	if err != nil {
		t.Fatal(err)
	}
	b, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{
		URLSigner: fileblob.NewURLSignerHMAC(base, []byte("key")),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := storage.Full(Store(b))
	defer s.Close()
	signed, err := s.SignURL(t.Context(), "k", new(storage.SignOptions))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseInt(u.Query().Get("expiry"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	left, told := time.Until(time.Unix(seconds, 0)), time.Until(signed.Expires)
	if signed.Method != "GET" || left < 14*time.Minute || left > 15*time.Minute ||
		told < 14*time.Minute || told > 15*time.Minute {
		t.Errorf("%s for %v, and says %v", signed.Method, left, told)
	}
}

// misnamed is a driver of the Go CDK that calls each failure NotFound.
type misnamed struct {
	driver.Bucket
	err error
}

func (m *misnamed) Close() error { return nil }

func (m *misnamed) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.NotFound }

func (m *misnamed) Delete(context.Context, string, *driver.DeleteOptions) error { return m.err }

func (m *misnamed) Attributes(context.Context, string) (*driver.Attributes, error) {
	return nil, m.err
}

// What is refused or cannot be reached is not missing, whatever the Go CDK calls it.
func TestNotFoundIsNotBelieved(t *testing.T) {
	for _, test := range []struct{ err, stat, deletes error }{
		{errors.New("no object"), storage.ErrNotExist, nil},
		{&googleapi.Error{Code: 404}, storage.ErrNotExist, nil},
		{&googleapi.Error{Code: 403}, storage.ErrPermission, storage.ErrPermission},
		{
			fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host"}), storage.ErrUnavailable,
			storage.ErrUnavailable,
		},
	} {
		s := storage.Full(Store(blob.NewBucket(&misnamed{err: test.err})))
		_, err := s.Stat(t.Context(), "k", new(storage.StatOptions))
		if !errors.Is(err, test.stat) {
			t.Errorf("%v: Stat is %v", test.err, err)
		}
		err = s.Delete(t.Context(), "k", new(storage.DeleteOptions))
		if !errors.Is(err, test.deletes) || (err == nil) != (test.deletes == nil) {
			t.Errorf("%v: Delete is %v", test.err, err)
		}
		s.Close()
	}
}
