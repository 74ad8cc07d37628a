package memory

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/polystore/storage"
)

// ModTime does not go back where the system's clock was set back.
func TestModTimeUnderAClockSetBack(t *testing.T) {
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(t *testing.T, key string) *storage.Object {
		o, err := s.Put(t.Context(), key, strings.NewReader(""), 0, new(storage.PutOptions))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	first := put(t, "k")
	synctest.Test(t, func(t *testing.T) { // in the year 2000
		if o := put(t, "k"); o.ModTime.Before(first.ModTime) {
			t.Errorf("ModTime went from %v to %v", first.ModTime, o.ModTime)
		}
		if o := put(t, "new"); !o.ModTime.Before(first.ModTime) {
			t.Errorf("a new object has the ModTime %v", o.ModTime)
		}
	})
}
