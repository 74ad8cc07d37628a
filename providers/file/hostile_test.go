package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/hostile"
)

// refusedURLs are not to be opened. They have no scheme, and %s stands for a directory.
var refusedURLs = []string{
	"", "//", "//host%s", "//user@%s", "//user:word@localhost%s", "//localhost:80%s", "//..%s",
	"//.%s", "//:@%s", "//[::1]%s", "//localhost%%00%s", "//%s%%00", "//%s#../other",
	"//%s?prefix=../&prefix=a/", "//%s?prefix=%%ff", "//%s?prefix=%%zz", "//%s?prefix=a;b",
	"//%s?Prefix=../", "//%s?dir=other", "//%s?create_dir=perhaps", "//%s?file_mode=999",
	"//%s?file_mode=640&file_mode=600", "//%s?dir_mode=-1", "//%s?dir_mode=17777777", "//%s?key=x",
}

// strangePrefixes lead nowhere but below the directory, or nowhere at all.
var strangePrefixes = []string{
	"../", "../other/", "..%2fother%2f", "%2e%2e/other/", "%252e%252e/other/", "a/../../other/",
	"/", "//", "..%5Cother%5C", "../other", ".", "..", "%00", "link/", "a%0d%0ab/",
}

// An URL is refused, or it opens a bucket that stays below its directory.
func TestHostileURLs(t *testing.T) {
	var m storage.Mux
	m.Handle("file", NewOpener(nil))
	root := filepath.ToSlash(t.TempDir())
	dir, other := root+"/bucket", root+"/other"
	for _, d := range []string{dir, other} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mine := filepath.Join(other, "x")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(dir, "link")); err != nil {
		t.Log(err) // a system without them
	}
	path := strings.TrimSuffix("/"+strings.TrimPrefix(dir, "/"), "/")
	for _, form := range refusedURLs {
		text := "file:" + strings.ReplaceAll(strings.ReplaceAll(form, "%s", path), "%%", "%")
		b, err := m.Open(t.Context(), text)
		if err == nil {
			t.Errorf("Open(%q): no error", text)
			b.Close()
		} else if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Open(%q): %v", text, err)
		}
	}
	for _, prefix := range strangePrefixes {
		b, err := m.OpenWith(t.Context(), "file://"+path+"?prefix="+prefix, hostile.Options())
		if err != nil {
			t.Errorf("prefix %q: %v", prefix, err)
			continue
		}
		for _, key := range []string{"x", "../x", "..", "/", "../other/x", "y"} {
			if data, err := b.ReadAll(t.Context(), key, nil); string(data) == "mine" {
				t.Errorf("prefix %q: %q was read: %v", prefix, key, err)
			}
			_, _ = b.WriteAll(t.Context(), key, []byte("theirs"), nil)
			_, _ = b.Copy(t.Context(), key+".copy", key, nil)
			_ = b.Delete(t.Context(), key, nil)
		}
		for o, err := range b.List(t.Context(), nil) {
			if err == nil && o.Size == int64(len("mine")) {
				t.Errorf("prefix %q: %q is listed", prefix, o.Key)
			}
		}
		_, _ = b.DeletePrefix(t.Context(), "", nil)
		_, _ = b.CleanUploads(t.Context(), -time.Hour, nil)
		b.Close()
		if data, err := os.ReadFile(mine); string(data) != "mine" {
			t.Fatalf("prefix %q: what is beside the directory is %q, %v", prefix, data, err)
		}
		if names, err := os.ReadDir(other); len(names) != 1 {
			t.Fatalf("prefix %q: beside the directory are %v, %v", prefix, names, err)
		}
	}
}
