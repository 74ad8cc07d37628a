package azure

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// A C# identifier, as far as Azure takes one, in lower case.
var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

func TestMetadataNames(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a_b": "a_b", "a-b": "a_2d_b", "a.b": "a_2e_b", "0": "_30_", "9-": "_39__2d_",
		"a9":     "a9",
		"a_2d_b": "a_5f_2d_b", "a_2d-": "a_5f_2d_2d_", "a_30_": "a_30_", "a__": "a__",
		"polystorewrite": "polystorewrite",
	} {
		got := encodeName(name)
		if got != want {
			t.Errorf("encodeName(%q) = %q, want %q", name, got, want)
		}
		if back := decodeName(got); back != name {
			t.Errorf("decodeName(%q) = %q, want %q", got, back, name)
		}
	}
}

// What encodeName does not make is a name of another program, and stays what it is.
func TestForeignMetadataNames(t *testing.T) {
	m, _ := userMetadata(http.Header{"X-Ms-Meta-A_5f_b": {"1"}, "X-Ms-Meta-A_b": {"2"}})
	if diff := cmp.Diff(map[string]string{"a_5f_b": "1", "a_b": "2"}, m); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Every name comes back, and no two become one.
func FuzzMetadataName(f *testing.F) {
	for _, name := range []string{"a-b", "a_2d_b", "a_2d-", "0_30_", "a_-2d_", "a_5f_5f_",
		"a-_2d_-"} {
		f.Add(name)
	}
	valid := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	f.Fuzz(func(t *testing.T, name string) {
		if !valid.MatchString(name) {
			return
		}
		wire := encodeName(name)
		if !identifier.MatchString(wire) {
			t.Errorf("encodeName(%q) = %q is no identifier", name, wire)
		}
		if back := decodeName(wire); back != name {
			t.Errorf("decodeName(%q) = %q, want %q", wire, back, name)
		}
	})
}

func TestMetadataLimit(t *testing.T) {
	room := maxMetadata - len(sumName) - len("crc32c.AAAAAA.1") - len("a")
	sums := note{sums: storage.Checksums{CRC32C: make([]byte, 4)}, size: 1}
	if _, err := metadata(map[string]string{"a": strings.Repeat("x", room)}, sums); err != nil {
		t.Errorf("%d bytes: %v", room, err)
	}
	if _, err := metadata(map[string]string{"a": strings.Repeat("x", room+1)},
		sums); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("%d bytes: %v, want ErrInvalid", room+1, err)
	}
	if _, err := metadata(map[string]string{sumName: "x"}, sums); !errors.Is(err,
		storage.ErrInvalid) {
		t.Errorf("the reserved name: %v, want ErrInvalid", err)
	}
}

func TestNotes(t *testing.T) {
	crc32c, crc64 := []byte{1, 2, 3, 4}, []byte{1, 2, 3, 4, 5, 6, 7, 8}
	upload := newUploadID("k")
	for _, test := range []struct{ give, want note }{
		{
			note{storage.Checksums{CRC32C: crc32c, CRC64NVME: crc64}, 9, upload},
			note{storage.Checksums{CRC32C: crc32c}, 9, upload},
		},
		{
			note{storage.Checksums{CRC64NVME: crc64}, -1, upload},
			note{storage.Checksums{CRC64NVME: crc64}, -1, upload},
		},
		{
			note{storage.Checksums{CRC32C: crc32c}, 0, ""},
			note{storage.Checksums{CRC32C: crc32c}, 0, ""},
		},
		{note{sums: storage.Checksums{MD5: make([]byte, 16)}}, note{size: -1}},
	} {
		wire := make(http.Header)
		err := eachEntry(nil, test.give, func(name, v string) { wire.Set(metaField+name, v) })
		if err != nil {
			t.Fatal(err)
		}
		m, got := userMetadata(wire)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(note{})); diff != "" || m != nil {
			t.Errorf("%v: metadata %v, -want +got\n%s", test.give, m, diff)
		}
	}
	for _, bad := range []string{
		"", "none", "crc32c.", "crc32c.AA", "crc32c.!!!!!!", "md5.AAAAAA", "crc64nvme.AAAAAA",
		"crc32c.AAAAAA.1.X.Y",
	} {
		if got := decodeNote(bad); !got.sums.IsZero() {
			t.Errorf("decodeNote(%q) = %v", bad, got)
		}
	}
	if got := decodeNote("crc32c.AQIDBA"); got.size != -1 || got.sums.CRC32C == nil {
		t.Errorf("an entry of earlier versions: %v", got)
	}
}

func FuzzNote(f *testing.F) {
	f.Add("crc32c.AQIDBA.12.ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	f.Fuzz(func(t *testing.T, entry string) {
		n := decodeNote(entry)
		if again := decodeNote(n.encode()); !n.sums.IsZero() &&
			!cmp.Equal(n, again, cmp.AllowUnexported(note{})) {
			t.Errorf("decodeNote(%q) = %v, and again %v", entry, n, again)
		}
	})
}

func FuzzBlockID(f *testing.F) {
	f.Add(blockID("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1))
	f.Fuzz(func(t *testing.T, id string) {
		if upload, number, ok := parseBlockID(id); ok && blockID(upload, number) != id {
			t.Errorf("parseBlockID(%q) = %q, %d: %q", id, upload, number, blockID(upload, number))
		}
	})
}

// IDs of one blob have one length, within Azure's 64 bytes, and name their upload.
func TestBlockID(t *testing.T) {
	a, b := newUploadID("k"), newUploadID("k")
	seen := make(map[string]bool)
	for _, upload := range []string{a, b} {
		for _, number := range []int{1, 9, 10, 99_999 / 2, maxBlocks} {
			id := blockID(upload, number)
			if len(id) != len(blockID(a, 1)) || len(id) > 64 || seen[id] {
				t.Errorf("blockID(%q, %d) = %q", upload, number, id)
			}
			seen[id] = true
			if u, n, ok := parseBlockID(id); !ok || u != upload || n != number {
				t.Errorf("parseBlockID(%q) = %q, %d, %v", id, u, n, ok)
			}
		}
	}
}
