package file

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func sampleAttrs(s *Store) *attrs {
	a := attrsOfPut(fullOptions())
	d := s.hasher.New(driver.AllSums)
	d.Write([]byte("123456789"))
	a.setSums(d.Checksums())
	a.Size, a.ModTime = 9, 1_700_000_000_123_456_789
	return a
}

func TestAttrsCode(t *testing.T) {
	s, _ := newStore(t)
	full := sampleAttrs(s)
	plain := attrsOfPut(new(storage.PutOptions))
	for _, a := range []*attrs{full, plain} {
		b, err := a.encode()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, decodeAttrs(b)); diff != "" {
			t.Errorf("decoded (-want +got):\n%s", diff)
		}
		for n := range b {
			if got := decodeAttrs(b[:n]); got != nil && cmp.Equal(got, a) {
				t.Errorf("%d of %d bytes are enough", n, len(b))
			}
		}
		if decodeAttrs(append(b, 200)) != nil {
			t.Error("an unknown field is taken")
		}
		old, err := json.Marshal(a) // what earlier versions have left
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, decodeAttrs(old)); diff != "" {
			t.Errorf("decoded from JSON (-want +got):\n%s", diff)
		}
	}
	for _, bad := range []*attrs{{ETag: `"x"`}, {ETag: plain.ETag, Size: -1},
		{ETag: plain.ETag, MD5: []byte("x")}} {
		if b, err := bad.encode(); err == nil {
			t.Errorf("%+v is encoded as %x", bad, b)
		}
	}
}

// The attributes of a plain object fit beside the inode.
func TestAttrsOfPlainObject(t *testing.T) {
	s, _ := newStore(t)
	a := attrsOfPut(&storage.PutOptions{ContentType: "text/html; charset=utf-8"})
	a.CRC32C = sampleAttrs(s).CRC32C
	a.Size, a.ModTime = 200<<20, 1_700_000_000_123_456_789
	if b, err := a.encode(); err != nil || len(b) > 60 {
		t.Errorf("%d bytes, %v; want at most 60", len(b), err)
	}
}

func FuzzAttrs(f *testing.F) {
	a := attrsOfPut(fullOptions())
	b, err := a.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"e":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := decodeAttrs(b)
		if a == nil || strings.HasPrefix(string(b), "{") {
			return
		}
		again, err := a.encode()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, decodeAttrs(again)); diff != "" {
			t.Errorf("encoded and decoded again (-want +got):\n%s", diff)
		}
	})
}
