package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/polystore/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTables fails when a document says something else of a Store than the Store itself.
func TestTables(t *testing.T) {
	s, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		text, err := os.ReadFile(filepath.Join("..", "..", d.path))
		if err != nil {
			t.Fatal(err)
		}
		want, err := fill(string(text), d.tables(s))
		if err != nil {
			t.Fatalf("%s: %v", d.path, err)
		}
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s is not what the Stores say: run make tables (-want +got):\n%s", d.path,
				diff)
		}
	}
}

// TestLabels fails on a label of what is no capability.
func TestLabels(t *testing.T) {
	typ := reflect.TypeFor[storage.Capabilities]()
	for name := range labels {
		if _, ok := typ.FieldByName(name); !ok {
			t.Errorf("Capabilities has no %s", name)
		}
	}
}

func TestFill(t *testing.T) {
	const two = "a\n" + begin + "old\n" + end + "\nb\n" + begin + end + "\nc"
	for _, tc := range []struct {
		text   string
		tables []string
		want   string
	}{
		{two, []string{"1\n", "2\n"}, "a\n" + begin + "1\n" + end + "\nb\n" + begin + "2\n" + end +
			"\nc"},
		{two, []string{"1\n"}, ""},
		{two, []string{"1\n", "2\n", "3\n"}, ""},
		{begin, []string{"1\n"}, ""},
	} {
		got, err := fill(tc.text, tc.tables)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("fill(%q, %q) = %q, %v; want %q", tc.text, tc.tables, got, err, tc.want)
		}
	}
}
