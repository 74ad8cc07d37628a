package gocdk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/file"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// pages lists by pages of the size, to the end.
func pages(t *testing.T, b *blob.Bucket, size int, opts *blob.ListOptions) []string {
	t.Helper()
	var keys []string
	for token := blob.FirstPageToken; len(token) > 0; {
		objects, next, err := b.ListPage(t.Context(), token, size, opts)
		if err != nil {
			t.Fatalf("ListPage: %v", err)
		}
		for _, o := range objects {
			keys = append(keys, o.Key)
		}
		token = next
	}
	return keys
}

// D6: a flat list of fileblob loses keys, shows some twice, and is not sorted.
func TestD6FlatList(t *testing.T) {
	keys := []string{"a-b", "a.txt", "a/1", "a/2", "a/3", "a0"}
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, keys...)
		for _, size := range []int{1, 2, 3, 1000} {
			if diff := cmp.Diff(keys, pages(t, Bucket(b), size, nil)); diff != "" {
				t.Errorf("pages of %d (-want +got):\n%s", size, diff)
			}
			var got []string
			for o, err := range b.List(t.Context(), &storage.ListOptions{PageSize: size}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, o.Key)
			}
			if diff := cmp.Diff(keys, got); diff != "" {
				t.Errorf("List by pages of %d (-want +got):\n%s", size, diff)
			}
		}
	})
	theirs(t, "a list loses keys", theirFile(t), func(t *testing.T, b *blob.Bucket) bool {
		for _, key := range keys {
			if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		return len(pages(t, b, 2, nil)) < len(keys) && !slices.IsSorted(pages(t, b, 1000, nil))
	})
}

// D16: azureblob does not escape the slash at the end of a key outside ASCII.
func TestD16TrailingSlash(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		cdk := Bucket(b)
		for _, key := range []string{"é/", "日本/", "a/"} {
			if err := cdk.WriteAll(t.Context(), key, []byte(key), nil); err != nil {
				t.Fatalf("WriteAll(%q): %v", key, err)
			}
			if got := theirContent(t, cdk, key); got != key {
				t.Errorf("ReadAll(%q) = %q", key, got)
			}
			if err := storage.PortableKey(encodeKey(key)); err != nil {
				t.Errorf("%q goes to the service as %q: %v", key, encodeKey(key), err)
			}
		}
		if diff := cmp.Diff([]string{"a/", "é/", "日本/"}, pages(t, cdk, 2, nil)); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
	})
}

// D17: escaped keys are out of order, and prefixes do not find them. What a portable key may have
// is not escaped here.
func TestD17OrderAndPrefixOfOddKeys(t *testing.T) {
	portable := []string{"k!", "k#", "k%", "k0", "k?", "kA", "k_", "k~", "ké"}
	odd := []string{"../foo", "foo/"}
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, portable...)
		cdk := Bucket(b)
		for _, size := range []int{1, 2, 1000} {
			if diff := cmp.Diff(portable, pages(t, cdk, size, nil)); diff != "" {
				t.Errorf("pages of %d (-want +got):\n%s", size, diff)
			}
		}
		for _, key := range odd {
			if err := cdk.WriteAll(t.Context(), key, nil, nil); err != nil {
				t.Fatalf("WriteAll(%q): %v", key, err)
			}
		}
		for prefix, want := range map[string]string{"foo/": "foo/", "../": "../foo", "..": "../foo",
			".": "../foo"} {
			if got := pages(t, cdk, 10, &blob.ListOptions{Prefix: prefix}); !slices.Equal(got,
				[]string{want}) {
				t.Errorf("List(%q) = %q, want %q", prefix, got, want)
			}
		}
	})
	theirs(t, "a prefix does not find its keys", theirFile(t),
		func(t *testing.T, b *blob.Bucket) bool {
			for _, key := range odd {
				if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := b.ListPage(t.Context(), blob.FirstPageToken, 10,
				&blob.ListOptions{Prefix: "../"})
			return len(pages(t, b, 10, &blob.ListOptions{Prefix: "foo/"})) == 0 && err != nil
		})
}

// D18, of lists: fileblob lists its own temporary files.
func TestD18TemporaryFilesAreNotListed(t *testing.T) {
	half := strings.Repeat("x", 1<<20)
	each(t, func(t *testing.T, b *storage.Bucket) {
		w := b.NewWriter(t.Context(), "k", nil)
		defer w.Close()
		if _, err := io.WriteString(w, half); err != nil {
			t.Fatal(err)
		}
		if got := pages(t, Bucket(b), 10, nil); len(got) > 0 {
			t.Errorf("List while an object is being written = %q", got)
		}
	})
	theirs(t, "temporary files are listed", theirFile(t), func(t *testing.T, b *blob.Bucket) bool {
		w, err := b.NewWriter(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if _, err := io.WriteString(w, half); err != nil {
			t.Fatal(err)
		}
		return len(pages(t, b, 10, nil)) > 0
	})
}

// D18, of links: fileblob follows them out of its root.
func TestD18LinksStayInside(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	linked := func(t *testing.T) string {
		t.Helper()
		dir := t.TempDir()
		for name, target := range map[string]string{"link": filepath.Join(outside, "secret"),
			"dir": outside} {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Skipf("no symbolic links here: %v", err)
			}
		}
		return dir
	}
	s, err := file.New(linked(t), nil)
	b := newBucket(t, s, err)
	for _, key := range []string{"link", "dir/secret"} {
		if data, err := b.ReadAll(t.Context(), key, nil); err == nil {
			t.Errorf("ReadAll(%q) = %q: a link led out of the root", key, data)
		}
	}
	if _, err := b.Put(t.Context(), "dir/new", strings.NewReader("x"), nil); err == nil {
		holds(t, b, "dir/new", "x") // beside the link: no object is where it is
	}
	if _, err := os.Stat(filepath.Join(outside, "new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file outside of the root: %v", err)
	}
	cdk, err := fileblob.OpenBucket(linked(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs(t, "links lead out of the root", map[string]*blob.Bucket{"fileblob": cdk},
		func(t *testing.T, b *blob.Bucket) bool {
			return theirContent(t, b, "dir/secret") == "secret"
		})
}
