package file

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// A list shows no key that Get refuses, whatever other programs have put into the directory, and
// rolls nothing up into a common prefix that has no keys.
func TestListsWhatGetTakes(t *testing.T) {
	s, dir := newStore(t)
	deep := dir
	for range 9 { // nine segments of 120 bytes: 1,088 with their slashes
		deep = filepath.Join(deep, strings.Repeat("d", 120))
		if err := os.Mkdir(deep, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat(strings.Repeat("d", 120)+"/", 8)
	want := []string{
		long + strings.Repeat("f", 1024-len(long)), "m/q", "odd/ x", "odd/a\tb", "odd/x",
	}
	for _, name := range []string{
		want[0], want[0] + "f", filepath.Join(long, strings.Repeat("d", 120), "below"),
		"odd/x", "odd/dot.", "odd/a\tb", "odd/ x", "odd/\xff", "odd/" + strings.Repeat("n", 255),
		"empty/dot.", "empty/\xff",
		// On the way to an object, either all directories have the mark or none has.
		"m" + mark + "/q", "m" + mark + "/p/q", "m" + mark + "/p/" + over,
		"odd/y" + mark + "/z", "empty/y" + mark + "/z",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	page, err := s.ListPage(t.Context(), &storage.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Objects {
		got = append(got, o.Key)
		r, err := s.Get(t.Context(), o.Key, &storage.GetOptions{})
		if err != nil {
			t.Errorf("Get(%q), which is in the list: %v", o.Key, err)
			continue
		}
		if b, err := io.ReadAll(r.Body); string(b) != "x" || err != nil {
			t.Errorf("%q = %q, %v", o.Key, b, err)
		}
		r.Body.Close()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ListPage (-want +got):\n%s", diff)
	}
	for _, opts := range []storage.ListOptions{
		{Delimiter: "/"}, {Prefix: long, Delimiter: "/"},
	} {
		page, err := s.ListPage(t.Context(), &opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Objects {
			if !o.IsPrefix {
				continue
			}
			below, err := s.ListPage(t.Context(), &storage.ListOptions{Prefix: o.Key})
			if err != nil || len(below.Objects) == 0 {
				t.Errorf("nothing is below the common prefix %.20q: %v", o.Key, err)
			}
		}
	}
	// What is there but no key stays as it is.
	key := filepath.Join(long, strings.Repeat("d", 120), "below")
	_, err = s.Stat(t.Context(), key, &storage.StatOptions{})
	if !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("Stat of a key of %d bytes: %v", len(key), err)
	}
}
