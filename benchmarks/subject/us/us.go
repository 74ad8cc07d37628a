// Package us measures this library. The program that uses it imports the providers.
package us

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/benchmarks/subject"
)

// bucket is this library, through its portable type and with its defaults.
type bucket struct {
	b    *storage.Bucket
	list int // ListOptions.Concurrency
}

// Open takes what is not the default, separated by commas: "list=1" is ListOptions.Concurrency,
// "Concurrency=16" any field of Options that is a number or a bool, and "NoHedging" one that is
// true.
func Open(ctx context.Context, t subject.Target, arg string) (subject.Subject, error) {
	opts, s := new(storage.Options), bucket{}
	for _, set := range strings.FieldsFunc(arg, func(r rune) bool { return r == ',' }) {
		name, value, _ := strings.Cut(set, "=")
		var err error
		if name == "list" {
			s.list, err = strconv.Atoi(value)
		} else {
			err = setField(opts, name, value)
		}
		if err != nil {
			return nil, fmt.Errorf("us:%s: %w", set, err)
		}
	}
	var err error
	s.b, err = openBucket(ctx, t, opts)
	if err != nil {
		return nil, err
	}
	if t.Service == "memory" {
		return s, s.fill(ctx, t)
	}
	return s, nil
}

// setField sets a field of Options, also one that came after this was written.
func setField(opts *storage.Options, name, value string) error {
	f := reflect.ValueOf(opts).Elem().FieldByName(name)
	if !f.IsValid() {
		return errors.New("Options has no such field")
	}
	switch {
	case f.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(cmp.Or(value, "true"))
		f.SetBool(b)
		return err
	case f.CanInt():
		n, err := strconv.ParseInt(value, 10, 64)
		f.SetInt(n)
		return err
	}
	return errors.ErrUnsupported
}

// fill makes the objects that a memory bucket begins with.
func (s bucket) fill(ctx context.Context, t subject.Target) error {
	for i := range t.Count {
		if err := s.Write(ctx, fmt.Sprintf("%s%08d", t.Prefix, i), []byte{0}); err != nil {
			return err
		}
	}
	return nil
}

func openBucket(
	ctx context.Context, t subject.Target, opts *storage.Options,
) (*storage.Bucket, error) {
	// The keys are those of servers on this machine.
	var u string
	switch t.Service {
	case "file":
		u = (&url.URL{Scheme: "file", Path: t.Dir}).String()
	case "memory":
		u = "mem://" + t.Bucket
	case "gcs":
		// The fake can do what the service can: it is no emulator that lacks half of it.
		u = "gs://" + t.Bucket + "?anonymous=true&endpoint=" +
			url.QueryEscape(t.Endpoint)
	case "azure":
		os.Setenv("AZURE_STORAGE_ACCOUNT", t.AccessKey)
		os.Setenv("AZURE_STORAGE_KEY", t.SecretKey)
		u = "az://" + t.Bucket + "?storage_account=" + t.AccessKey + "&endpoint=" +
			url.QueryEscape(t.Endpoint)
	default:
		os.Setenv("AWS_ACCESS_KEY_ID", t.AccessKey)
		os.Setenv("AWS_SECRET_ACCESS_KEY", t.SecretKey)
		q := url.Values{"endpoint": {t.Endpoint}, "region": {t.Region}, "provider": {"minio"}}
		u = "s3://" + t.Bucket + "?" + q.Encode()
	}
	return storage.OpenWith(ctx, u, opts)
}

func (s bucket) Get(ctx context.Context, key string, w io.Writer) error {
	r, err := s.b.Get(ctx, key, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return verified(r.Object())
}

func (s bucket) GetFile(ctx context.Context, key, path string) error {
	o, err := s.b.DownloadFile(ctx, key, path, nil)
	if err != nil {
		return err
	}
	return verified(o)
}

// verified returns an error for an object that came without a CRC of the whole: this library then
// has looked at its length alone, and a row would show it faster than it is. The Object of a read
// that has ended has those sums that its bytes were held against.
func verified(o *storage.Object) error {
	if c := &o.Checksums; c.CRC32C == nil && c.CRC32 == nil && c.CRC64NVME == nil {
		return fmt.Errorf("%s came without a CRC of the whole: nothing was verified", o.Key)
	}
	return nil
}

func (s bucket) Put(ctx context.Context, key string, r io.Reader) error {
	_, err := s.b.Put(ctx, key, r, nil)
	return err
}

func (s bucket) PutFile(ctx context.Context, key, path string) error {
	_, err := s.b.UploadFile(ctx, key, path, nil)
	return err
}

func (s bucket) Read(ctx context.Context, key string, buf []byte) error {
	r, err := s.b.Get(ctx, key, nil)
	if err != nil {
		return err
	}
	if err := subject.ReadAll(r, buf); err != nil {
		return err
	}
	return verified(r.Object())
}

func (s bucket) Write(ctx context.Context, key string, data []byte) error {
	_, err := s.b.WriteAll(ctx, key, data, nil)
	return err
}

func (s bucket) Stat(ctx context.Context, key string) (int64, error) {
	o, err := s.b.Stat(ctx, key, nil)
	if err != nil {
		return 0, err
	}
	return o.Size, nil
}

func (s bucket) Delete(ctx context.Context, key string) error { return s.b.Delete(ctx, key, nil) }

func (s bucket) DeleteMany(ctx context.Context, keys []string) error {
	_, err := s.b.DeleteMany(ctx, slices.Values(keys), nil)
	return err
}

func (s bucket) List(ctx context.Context, prefix string) (int, error) {
	n := 0
	for _, err := range s.b.List(ctx, &storage.ListOptions{
		Prefix: prefix, Concurrency: s.list,
	}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (s bucket) ReaderAt(ctx context.Context, key string) (io.ReaderAt, int64, error) {
	r, err := s.b.NewReaderAt(ctx, key, nil)
	if err != nil {
		return nil, 0, err
	}
	return r, r.Size(), nil
}

// Remove removes what an upload has left.
func Remove(ctx context.Context, t subject.Target, key string) error {
	b, err := openBucket(ctx, t, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	return b.Delete(ctx, key, nil)
}
