package storage

import (
	"crypto/rand"
	"encoding/base64"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// writeIDName is the metadata entry in which a write leaves its ID. Azure takes no '-' in a name,
// and some S3-compatible servers drop names with '_'.
const writeIDName = "polystorewrite"

// maxLineage is how many writes an entry names beside the create. The entry stays below 130 bytes
// on the wire: "x-amz-meta-polystorewrite: " (27), the tag (4), the create (17) and 4 writes of 17
// bytes make 116.
const maxLineage = 4

// A lineage is what the entry of an object says: whether it began with a create that this library
// made, and the IDs of that create and of the last few conditional writes upon it, oldest first.
// The zero value knows nothing.
//
// On the wire it is a tag, which ties the entry to its key so that a copy under another key proves
// nothing there, then the IDs, each behind '*' if it is the create that began the object, else
// behind '.'.
type lineage struct {
	created bool // ids[0] is the create
	ids     []string
}

// newWriteID returns 96 random bits in 16 characters of base64url.
func newWriteID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// keyTag is 24 bits of a hash of the key.
func keyTag(key string) string {
	sum := crc32.Checksum([]byte(key), castagnoli)
	return base64.RawURLEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// entry is the metadata value for the object under key.
func (l lineage) entry(key string) string {
	var s strings.Builder
	s.WriteString(keyTag(key))
	for i, id := range l.ids {
		if i == 0 && l.created {
			s.WriteString("*" + id)
		} else {
			s.WriteString("." + id)
		}
	}
	return s.String()
}

// parseLineage reads an entry; one that is not for key, or malformed, is the zero lineage.
func parseLineage(key, entry string) lineage {
	rest, ok := strings.CutPrefix(entry, keyTag(key))
	if !ok || rest == "" || rest[0] != '*' && rest[0] != '.' {
		return lineage{}
	}
	return lineage{created: rest[0] == '*', ids: strings.Split(rest[1:], ".")}
}

// created begins a lineage with the create id.
func created(id string) lineage { return lineage{created: true, ids: []string{id}} }

// then is l with a conditional write upon it. Upon an unknown object it is a lineage that does not
// know its beginning.
func (l lineage) then(id string) lineage {
	ids := append(slices.Clone(l.ids), id)
	if drop := len(ids) - maxLineage; l.created && drop > 1 {
		ids = slices.Delete(ids, 1, drop)
	} else if !l.created && drop > 0 {
		ids = slices.Delete(ids, 0, drop)
	}
	return lineage{l.created, ids}
}

func (l lineage) newest() string {
	if len(l.ids) == 0 {
		return ""
	}
	return l.ids[len(l.ids)-1]
}

func (l lineage) has(id string) bool { return id != "" && slices.Contains(l.ids, id) }

// hasAllSince reports whether l names the write id and every write after it: those right behind the
// create are dropped first.
func (l lineage) hasAllSince(id string) bool {
	return l.has(id) && !(l.created && l.ids[0] == id && len(l.ids) > maxLineage)
}

// withEntry returns a copy of metadata with the entry of l.
func withEntry(metadata map[string]string, key string, l lineage) map[string]string {
	m := maps.Clone(metadata)
	if m == nil {
		m = make(map[string]string, 1)
	}
	m[writeIDName] = l.entry(key)
	return m
}

// takeEntry removes the entry from o's metadata and returns what it said of the object under key.
func takeEntry(o *Object, key string) lineage {
	entry, ok := o.Metadata[writeIDName]
	if !ok {
		return lineage{}
	}
	delete(o.Metadata, writeIDName)
	if len(o.Metadata) == 0 {
		o.Metadata = nil
	}
	return parseLineage(key, entry)
}
