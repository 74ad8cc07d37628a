package storage_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func bucket(t *testing.T) *storage.Bucket {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, &storage.Options{PartSize: 1 << 16})
	t.Cleanup(func() { b.Close() })
	return b
}

type plain struct{ io.Reader }

func TestSmoke(t *testing.T) {
	b := bucket(t)
	ctx := t.Context()
	data := make([]byte, 1<<20+17)
	rand.Read(data)
	for name, put := range map[string]func(key string) (*storage.Object, error){
		"bytes": func(k string) (*storage.Object, error) { return b.Put(ctx, k, bytes.NewReader(data), nil) },
		"stream": func(k string) (*storage.Object, error) {
			return b.Put(ctx, k, plain{bytes.NewReader(data)}, &storage.PutOptions{IfAbsent: true})
		},
		"one": func(k string) (*storage.Object, error) {
			return b.Put(ctx, k, iotest.OneByteReader(bytes.NewReader(data)), nil)
		},
		"writer": func(k string) (*storage.Object, error) {
			w := b.NewWriter(ctx, k, nil)
			defer w.Close()
			if _, err := w.Write(data); err != nil {
				return nil, err
			}
			return w.Commit()
		},
	} {
		o, err := put(name)
		if err != nil {
			t.Fatal(name, err)
		}
		st, err := b.Stat(ctx, name, nil)
		if err != nil || st.ETag != o.ETag || st.Size != int64(len(data)) || o.Size != st.Size {
			t.Fatal(name, err, st, o)
		}
		for _, c := range []int{0, 3} {
			got, err := b.ReadAll(ctx, name, &storage.GetOptions{Concurrency: c})
			if err != nil || !bytes.Equal(got, data) {
				t.Fatal(name, err, len(got))
			}
		}
		path := filepath.Join(t.TempDir(), "x")
		if _, err := b.DownloadFile(ctx, name, path, nil); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, data) {
			t.Fatal("download")
		}
		if _, err := b.UploadFile(ctx, name+"/up", path, nil); err != nil {
			t.Fatal(err)
		}
	}
	ra, err := b.NewReaderAt(ctx, "stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ra.Close()
	if err := iotest.TestReader(ra, data); err != nil {
		t.Fatal(err)
	}
	got, err := ra.ReadRanges([]storage.Range{{100, 10}, {5, 3}, {1 << 20, 100}, {9, 0}})
	if err != nil || !bytes.Equal(got[0], data[100:110]) || !bytes.Equal(got[1], data[5:8]) || !bytes.Equal(got[2], data[1<<20:]) {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, "stream", bytes.NewReader(nil), &storage.PutOptions{IfAbsent: true}); !errors.Is(err, storage.ErrExist) {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, "x", iotest.ErrReader(io.ErrClosedPipe), nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := b.Update(ctx, "n", func(old []byte, o *storage.Object) ([]byte, error) { return append(old, 'x'), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Copy(ctx, "n2", "n", &storage.CopyOptions{IfAbsent: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Copy(ctx, "n2", "n", &storage.CopyOptions{IfAbsent: true}); !errors.Is(err, storage.ErrExist) {
		t.Fatal(err)
	}
	other := bucket(t)
	if _, err := storage.CopyObject(ctx, other, "n3", b.Prefix("wri"), "ter", nil); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for o, err := range b.List(ctx, &storage.ListOptions{Delimiter: "/", PageSize: 2, Concurrency: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	fmt.Println(keys)
	n, err := b.DeleteMany(ctx, slices.Values([]string{"n", "n2", "\xff"}), nil)
	fmt.Println(n, err)
	n, err = b.DeletePrefix(ctx, "", nil)
	fmt.Println(n, err)
	_, err = b.Get(context.Background(), "n", nil)
	fmt.Println(err)
}
