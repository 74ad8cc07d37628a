package gocdk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"

	"github.com/polystore/storage/providers/memory"
)

// TestListEscapedEnds lists keys whose last character is escaped because it is the last, which sort apart from their directory.
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
			if diff := cmp.Diff(test.want, pages(t, b, size, &blob.ListOptions{Prefix: test.prefix, Delimiter: test.delimiter})); diff != "" {
				t.Errorf("List(%q, %q) by pages of %d (-want +got):\n%s", test.prefix, test.delimiter, size, diff)
			}
		}
	}
}
