package gocdk

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gocloud.dev/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// TestListEscapedEnds lists keys whose last character is escaped because it is the last, which sort
// apart from their directory.
func TestListEscapedEnds(t *testing.T) {
	s, err := memory.New(nil)
	b := Bucket(newBucket(t, s, err))
	for _, key := range []string{"d/", "d/x", "d0/x", "e.", "e.x", "e/y", "f"} {
		if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		prefix, delimiter string
		want              []string
	}{
		{"d/", "", []string{"d/", "d/x"}},
		{"d/", "/", []string{"d/", "d/x"}},
		{"", "/", []string{"d/", "d0/", "e.x", "e/", "e.", "f"}},
		{"", ".", []string{"d/x", "d0/x", "d/", "e.", "e/y", "f"}},
	} {
		for _, size := range []int{1, 2, 1000} {
			if diff := cmp.Diff(test.want, pages(t, b, size, &blob.ListOptions{Prefix: test.prefix,
				Delimiter: test.delimiter})); diff != "" {
				t.Errorf("List(%q, %q) by pages of %d (-want +got):\n%s", test.prefix,
					test.delimiter, size, diff)
			}
		}
	}
}

// TestListModel holds lists of odd keys against what the Go CDK says a list is, but for the order.
func TestListModel(t *testing.T) {
	t.Run("ordered", func(t *testing.T) { testListModel(t, false) })
	t.Run("unordered", func(t *testing.T) { testListModel(t, true) })
}

func testListModel(t *testing.T, shuffled bool) {
	pieces := []string{"a", "b", "/", "/", ".", `\`, "_", "__0x", "2f__", "__0x5c__", "soap", "é",
		"\x01"}
	random := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		var s strings.Builder
		for range random.IntN(most + 1) {
			s.WriteString(pieces[random.IntN(len(pieces))])
		}
		return s.String()
	}
	for range 60 {
		s, err := memory.New(nil)
		b := Bucket(newBucket(t, s, err))
		keys := make(map[string]bool)
		for range 12 {
			key := word(5)
			if key == "" {
				continue
			}
			keys[key] = true
			if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
				t.Fatalf("WriteAll(%q): %v", key, err)
			}
		}
		if shuffled {
			u := &unordered{FullStore: storage.Full(s)}
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				u.keys = append(u.keys, encodeKey(key))
			}
			random.Shuffle(len(u.keys), func(i, j int) {
				u.keys[i], u.keys[j] = u.keys[j], u.keys[i]
			})
			b = Bucket(newBucket(t, u, nil))
		}
		for range 10 {
			prefix := word(2)
			for _, delimiter := range []string{"", "/", `\`, "_", "a/", "."} {
				want := make(map[string]bool)
				for key := range keys {
					rest, ok := strings.CutPrefix(key, prefix)
					if !ok {
						continue
					}
					if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
						key = prefix + rest[:i+len(delimiter)] + " (directory)"
					}
					want[key] = true
				}
				for _, size := range []int{1, 3, 1000} {
					var got []string
					for token := blob.FirstPageToken; len(token) > 0; {
						objects, next, err := b.ListPage(t.Context(), token, size,
							&blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
						if err != nil {
							t.Fatal(err)
						}
						for _, o := range objects {
							name := o.Key
							if o.IsDir {
								name += " (directory)"
							}
							got = append(got, name)
						}
						token = next
					}
					slices.Sort(got)
					if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got,
						cmpopts.EquateEmpty()); diff != "" {
						t.Fatalf("List(%q, %q) of %q by pages of %d (-want +got):\n%s", prefix,
							delimiter, slices.Sorted(maps.Keys(keys)), size, diff)
					}
				}
			}
		}
	}
}
