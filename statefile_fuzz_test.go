package storage_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// openMemory opens an empty bucket in parts of 1 byte at least.
func openMemory(t *testing.T) *storage.Bucket {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(m, &storage.Options{PartSize: 1 << 20})
	t.Cleanup(func() { b.Close() })
	return b
}

// Whatever a state file holds, the object is the file's, the file is the object, or there is an
// error.
func FuzzStateFile(f *testing.F) {
	f.Add([]byte(`{"storage":"upload","upload":"1","parts":[{"number":1,"size":1048576}]}`))
	f.Add([]byte(`{"storage":"download","size":3145728,"done":[[0,1048576]]}`))
	f.Add([]byte("something else"))
	f.Add([]byte(`{"storage":"upload",`))
	data := bytes.Repeat([]byte("storage"), 3<<20/7)
	f.Fuzz(func(t *testing.T, state []byte) {
		b, dir := openMemory(t), t.TempDir()
		source, target := filepath.Join(dir, "source"), filepath.Join(dir, "target")
		put, get := filepath.Join(dir, "put"), filepath.Join(dir, "get")
		for path, content := range map[string][]byte{source: data, put: state, get: state} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o := &storage.PutOptions{StateFile: put}
		if _, err := b.UploadFile(t.Context(), "k", source, o); err == nil {
			if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the object has %d bytes, %v", len(got), err)
			}
		} else if _, err := b.WriteAll(t.Context(), "k", data, nil); err != nil {
			t.Fatal(err)
		}
		g := &storage.GetOptions{StateFile: get}
		if _, err := b.DownloadFile(t.Context(), "k", target, g); err == nil {
			if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, data) {
				t.Errorf("the file has %d bytes, %v", len(got), err)
			}
		}
	})
}

// A token is one of Suspend, or an error.
func FuzzResumeToken(f *testing.F) {
	for _, s := range []string{"", "e30", "eyJVcGxvYWQiOiIxIiwiVW5pdCI6MSwiUGFydCI6MX0", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		w, err := openMemory(t).ResumeWriter(t.Context(), "k", token, nil)
		if err == nil {
			w.Close()
			t.Errorf("%q was taken", token)
		}
	})
}

// An URL opens what it names, or is an error that has nothing of the values of its parameters and
// of the password of its user. The openers of the providers have targets of their own.
func FuzzOpenURL(f *testing.F) {
	for _, s := range []string{
		"mem://b?prefix=a/&part_size=1", "mem://user:pass@b", "mem:///x?%zz", "other://b", "mem",
	} {
		f.Add(s)
	}
	open := func(
		_ context.Context, _ *url.URL, params *storage.Params,
	) (storage.Store, error) {
		if err := params.Err(); err != nil {
			return nil, err
		}
		return memory.New(nil)
	}
	const secret = "pl4nted-s3cret"
	f.Fuzz(func(t *testing.T, raw string) {
		var m storage.Mux
		m.Handle("mem", storage.StoreOpener{Open: open}.OpenURL)
		for _, raw := range []string{
			raw, raw + "?x=" + secret, raw + "&x=" + secret, raw + "&part_size=" + secret,
			strings.Replace(raw, "://", "://user:"+secret+"@", 1),
		} {
			b, err := m.Open(t.Context(), raw)
			if err == nil {
				b.Close()
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("Open(%q): %v", raw, err)
			}
		}
	})
}
