package httpdriver

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Fields are what was set, in that order and however many there are, and names as they were given.
func TestFields(t *testing.T) {
	var f Fields
	if f.All() != nil || len(f.Header()) != 0 {
		t.Errorf("the zero value has %v", f.All())
	}
	want, header := []Field(nil), make(http.Header)
	for i := range 3 * roomyFields {
		name := fmt.Sprintf("x-ms-%d", i)
		f.Set(name, "v")
		f.Set("none", "")
		want = append(want, Field{name, "v"})
		header[name] = []string{"v"}
	}
	if diff := cmp.Diff(want, f.All()); diff != "" {
		t.Errorf("All: -want +got\n%s", diff)
	}
	h := f.Header()
	if diff := cmp.Diff(header, h); diff != "" {
		t.Errorf("Header: -want +got\n%s", diff)
	}
	// A transport that adds a value to one field leaves the others alone.
	first, second := want[0].Name, want[1].Name
	h[first] = append(h[first], "more")
	if h[second][0] != "v" {
		t.Errorf("%s became %q", second, h[second])
	}
}
