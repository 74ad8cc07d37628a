// Package hostile is for tests: endpoints that mean harm, and what a provider must not do for them.
// It is given how a provider is opened, and tries every method of a Bucket that makes a request.
package hostile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// Provider is how a provider is attacked.
type Provider struct {
	// Open opens a bucket at an endpoint, http or https, with credentials that are Secrets. A nil
	// client is the provider's own.
	Open func(ctx context.Context, endpoint string, client *http.Client) (storage.Store, error)

	Bases   []string // the paths of the bucket
	Lists   string   // whose form its lists have: S3, GCS or Azure
	Secrets []string // what must not show, nor go elsewhere
}

// Call is a call of a method of Bucket.
type Call struct {
	Name string // the method, and what is special
	Do   func(ctx context.Context, b *storage.Bucket, dir string) error
}

// unasked are the methods of Bucket that make no request.
var unasked = []string{"Capabilities", "CheckKey", "Close", "Prefix", "Store", "StoreKey"}

// small and large are objects of one request and of several, with the part size of [Options].
var (
	small = []byte("content")
	large = bytes.Repeat([]byte("content"), 3<<20/7)
)

// key is the object of every call; it is not escaped in any URL.
const key = "key"

// Options are those of the Buckets: two attempts, soon after each other.
func Options() *storage.Options {
	return &storage.Options{
		Retry: storage.RetryOptions{
			Attempts: 2, MinDelay: time.Millisecond, MaxDelay: time.Millisecond, Budget: -1,
		},
		AbortTimeout: 100 * time.Millisecond,
		PartSize:     1 << 20,
		NoHedging:    true, // a request that lost is not over with its call
	}
}

// Calls returns at least one call of every method that makes a request.
func Calls() []Call {
	return []Call{
		{"Stat", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.Stat(ctx, key, nil)
			return err
		}},
		{"Exists", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.Exists(ctx, key)
			return err
		}},
		{"Get", func(ctx context.Context, b *storage.Bucket, _ string) error {
			r, err := b.Get(ctx, key, &storage.GetOptions{Concurrency: 1})
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.CopyN(io.Discard, r, 1<<20)
			return err
		}},
		{"ReadAll", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.ReadAll(ctx, key, &storage.GetOptions{Length: 1 << 20})
			return err
		}},
		{"Download", func(ctx context.Context, b *storage.Bucket, dir string) error {
			f, err := os.Create(filepath.Join(dir, "download"))
			if err != nil {
				return err
			}
			_, err = b.Download(ctx, key, f, &storage.GetOptions{Length: 1 << 20})
			return errors.Join(err, f.Close())
		}},
		{"DownloadFile", func(ctx context.Context, b *storage.Bucket, dir string) error {
			o := &storage.GetOptions{Length: 1 << 20, StateFile: filepath.Join(dir, "state-get")}
			_, err := b.DownloadFile(ctx, key, filepath.Join(dir, "file"), o)
			return err
		}},
		{"NewReaderAt", func(ctx context.Context, b *storage.Bucket, _ string) error {
			r, err := b.NewReaderAt(ctx, key, nil)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = r.ReadAtContext(ctx, make([]byte, 100), 0)
			return err
		}},
		{"List", func(ctx context.Context, b *storage.Bucket, _ string) error {
			for _, err := range b.List(ctx, &storage.ListOptions{Prefix: "p/", Delimiter: "/"}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"ListPage", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.ListPage(ctx, nil)
			return err
		}},
		{"Put", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.Put(ctx, key, io.MultiReader(bytes.NewReader(large)), nil)
			return err
		}},
		{"WriteAll", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.WriteAll(ctx, key, small, nil)
			return err
		}},
		{"WriteAll IfAbsent", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.WriteAll(ctx, key, small, &storage.PutOptions{IfAbsent: true})
			return err
		}},
		{"WriteAll IfMatch", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.WriteAll(ctx, key, small, &storage.PutOptions{IfMatch: `"1"`})
			return err
		}},
		{"NewWriter", func(ctx context.Context, b *storage.Bucket, _ string) error {
			w := b.NewWriter(ctx, key, nil)
			defer w.Close()
			if _, err := w.Write(large); err != nil {
				return err
			}
			_, err := w.Commit()
			return err
		}},
		{"ResumeWriter", func(ctx context.Context, b *storage.Bucket, _ string) error {
			w := b.NewWriter(ctx, key, nil)
			defer w.Close()
			if _, err := w.Write(large); err != nil {
				return err
			}
			token, err := w.Suspend()
			if err != nil {
				return err
			}
			again, err := b.ResumeWriter(ctx, key, token, nil)
			if err != nil {
				return err
			}
			defer again.Close()
			_, err = again.Commit()
			return err
		}},
		{"PutReaderAt", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.PutReaderAt(ctx, key, bytes.NewReader(large), int64(len(large)), nil)
			return err
		}},
		{"UploadFile", func(ctx context.Context, b *storage.Bucket, dir string) error {
			file := filepath.Join(dir, "source")
			if err := os.WriteFile(file, large, 0o600); err != nil {
				return err
			}
			o := &storage.PutOptions{StateFile: filepath.Join(dir, "state-put")}
			_, err := b.UploadFile(ctx, key, file, o)
			return err
		}},
		{"Delete", func(ctx context.Context, b *storage.Bucket, _ string) error {
			return b.Delete(ctx, key, nil)
		}},
		{"Delete IfMatch", func(ctx context.Context, b *storage.Bucket, _ string) error {
			return b.Delete(ctx, key, &storage.DeleteOptions{IfMatch: `"1"`})
		}},
		{"DeleteMany", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.DeleteMany(ctx, slices.Values([]string{key, "another"}), nil)
			return err
		}},
		{"DeleteListed", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.DeleteListed(ctx, b.List(ctx, nil), nil)
			return err
		}},
		{"DeletePrefix", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.DeletePrefix(ctx, "p/", nil)
			return err
		}},
		{"Copy", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.Copy(ctx, key, "source", nil)
			return err
		}},
		{"Update", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.Update(ctx, key, change)
			return err
		}},
		{"UpdateWith", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.UpdateWith(ctx, key, change, &storage.UpdateOptions{})
			return err
		}},
		{"CleanUploads", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.CleanUploads(ctx, -time.Hour, nil)
			return err
		}},
		{"SignURL", func(ctx context.Context, b *storage.Bucket, _ string) error {
			_, err := b.SignURL(ctx, key, nil)
			return err
		}},
	}
}

func change([]byte, *storage.Object) ([]byte, error) { return small, nil }

// Complete fails the test if a method of Bucket is in no call.
func Complete(t *testing.T) {
	bucket := reflect.TypeFor[*storage.Bucket]()
	for i := range bucket.NumMethod() {
		name := bucket.Method(i).Name
		in := slices.ContainsFunc(Calls(), func(c Call) bool {
			method, _, _ := strings.Cut(c.Name, " ")
			return method == name
		})
		if in == slices.Contains(unasked, name) {
			t.Errorf("%s: called %v, and said to make no request: %v", name, in, !in)
		}
	}
}

// bucket opens a Bucket that ends with the test.
func (p *Provider) bucket(t *testing.T, endpoint string, client *http.Client) *storage.Bucket {
	t.Helper()
	s, err := p.Open(t.Context(), endpoint, client)
	if err != nil {
		t.Fatalf("opening %s: %v", endpoint, err)
	}
	b := storage.New(s, Options())
	t.Cleanup(func() { b.Close() })
	return b
}
