package storage

import (
	"crypto/rand"
	"encoding/base64"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// writeIDName is the metadata entry that holds the ID of a write. Azure takes no '-' in a name, and
// some S3-compatible servers drop names with '_'.
const writeIDName = "polystorewrite"

// maxLineage is the number of writes in an entry beside the create. The entry stays below 130 bytes
// on the wire: "x-amz-meta-polystorewrite: " (27), the tag (4), the create (17) and 4 writes of 17
// bytes make 116.
const maxLineage = 4

// A lineage is the content of an object's entry: the IDs of its last conditional writes, oldest
// first, and whether the first ID is that of the create. The zero value knows nothing.
//
// On the wire it is a tag followed by the IDs. The tag ties the entry to its key, so that a copy
// under another key proves nothing there. Each ID follows a '.', or a '*' if it is that of the
// create, or a '~' if IDs were dropped before it.
type lineage struct {
	created bool // ids[0] is the create
	gap     bool // IDs were dropped between ids[0], the create, and ids[1]
	ids     []string
}

// newWriteID returns 96 random bits in 16 characters of base64url.
func newWriteID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// keyTag returns 24 bits of a hash of the key.
func keyTag(key string) string {
	sum := crc32.Checksum([]byte(key), castagnoli)
	return base64.RawURLEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// entry returns the metadata value for the object under key.
func (l lineage) entry(key string) string {
	var s strings.Builder
	s.WriteString(keyTag(key))
	for i, id := range l.ids {
		switch {
		case i == 0 && l.created:
			s.WriteString("*" + id)
		case i == 1 && l.gap:
			s.WriteString("~" + id)
		default:
			s.WriteString("." + id)
		}
	}
	return s.String()
}

// parseLineage reads an entry. An entry that is malformed or not for key is the zero lineage.
func parseLineage(key, entry string) lineage {
	rest, ok := strings.CutPrefix(entry, keyTag(key))
	if !ok || rest == "" || rest[0] != '*' && rest[0] != '.' {
		return lineage{}
	}
	l := lineage{created: rest[0] == '*'}
	first, others, gap := strings.Cut(rest[1:], "~")
	if gap && (!l.created || strings.Contains(first, ".") || strings.Contains(others, "~")) {
		return lineage{}
	}
	l.ids, l.gap = strings.Split(rest[1:], "."), gap
	if gap {
		l.ids = append([]string{first}, strings.Split(others, ".")...)
	}
	return l
}

// created returns a lineage that begins with the create id.
func created(id string) lineage { return lineage{created: true, ids: []string{id}} }

// then returns l followed by a conditional write. The lineage of an unknown object does not know
// its beginning.
func (l lineage) then(id string) lineage {
	l.ids = append(slices.Clone(l.ids), id)
	if drop := len(l.ids) - maxLineage; l.created && drop > 1 {
		l.ids, l.gap = slices.Delete(l.ids, 1, drop), true
	} else if !l.created && drop > 0 {
		l.ids = slices.Delete(l.ids, 0, drop)
	}
	return l
}

func (l lineage) newest() string {
	if len(l.ids) == 0 {
		return ""
	}
	return l.ids[len(l.ids)-1]
}

func (l lineage) has(id string) bool { return id != "" && slices.Contains(l.ids, id) }

// successor returns the write that came directly upon the write id, "" where l does not tell.
func (l lineage) successor(id string) string {
	i := slices.Index(l.ids, id)
	if id == "" || i < 0 || i+1 == len(l.ids) || i == 0 && l.gap {
		return ""
	}
	return l.ids[i+1]
}

// whole reports whether l names every write since the create.
func (l lineage) whole() bool { return l.created && !l.gap }

// withEntry returns a copy of metadata with the entry of l.
func withEntry(metadata map[string]string, key string, l lineage) map[string]string {
	m := maps.Clone(metadata)
	if m == nil {
		m = make(map[string]string, 1)
	}
	m[writeIDName] = l.entry(key)
	return m
}

// takeEntry removes the entry from o's metadata and returns the lineage of the object under key.
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
