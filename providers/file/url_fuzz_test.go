package file

import (
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/hostile"
)

// An URL opens what it names or is an error without what it keeps. What is opened is below one
// directory; an URL with another path is not tried, for it would be made.
func FuzzOpener(f *testing.F) {
	dir := f.TempDir()
	hostile.Opener(f, "file", NewOpener(nil), func(text string) string {
		text = strings.TrimLeft(text, "/")
		raw := "//" + path.Join(dir, "d") + "/" + text
		u, err := url.Parse("file:" + raw)
		if err == nil && !strings.HasPrefix(path.Clean(u.Path), dir) || len(raw) > 500 {
			return ""
		}
		return raw
	})
}

// What an upload's own file holds makes an upload or none, and never one of another key.
func FuzzUploadMeta(f *testing.F) {
	f.Add([]byte(`{"key":"k","created":"2024-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"key":"other"}`))
	f.Add([]byte(`{"key":1}`))
	f.Add([]byte(`{"key":"../k","created":"x"}`))
	f.Add([]byte{})
	s, err := New(f.TempDir(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	id, err := s.CreateUpload(f.Context(), "k", new(storage.PutOptions))
	if err != nil {
		f.Fatal(err)
	}
	name := filepath.Join(s.dir, filepath.FromSlash(uploadPath(id)), metaFile)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		meta, err := s.uploadMeta(id)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.ListPartsPage(t.Context(), "k", id, new(storage.ListPartsOptions))
		if is := meta != nil && meta.Key == "k"; is != (err == nil) ||
			err != nil && !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("%q: %+v, and its parts: %v", data, meta, err)
		}
		page, err := s.ListUploadsPage(t.Context(), new(storage.ListOptions))
		if err != nil || meta == nil && len(page.Uploads) > 0 {
			t.Errorf("%q: %+v, and the uploads: %v, %v", data, meta, page, err)
		}
	})
}
