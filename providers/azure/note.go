package azure

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// note is what the entry sumName says of the bytes that it was written with: a sum, and what tells
// whether they are these. Metadata can be carried over to other bytes: see prove.
type note struct {
	sums   storage.Checksums // CRC32C or CRC64NVME; or nothing
	size   int64             // of the object; -1: not known
	upload string            // whose blocks the object is made of; empty: of none
}

// encode gives the entry: the CRC32C, which every reader computes at full speed, else the
// CRC64NVME, which is all that is known of what the service copied; empty where there is none.
func (n note) encode() string {
	name, sum := "crc32c", n.sums.CRC32C
	if sum == nil {
		name, sum = "crc64nvme", n.sums.CRC64NVME
	}
	if sum == nil {
		return ""
	}
	var space [96]byte
	entry := append(append(space[:0], name...), '.')
	entry = append(base64.RawURLEncoding.AppendEncode(entry, sum), '.')
	if n.size >= 0 {
		entry = strconv.AppendInt(entry, n.size, 10)
	}
	if n.upload != "" {
		entry = append(append(entry, '.'), n.upload...)
	}
	return string(entry)
}

// decodeNote undoes encode, and reads the entries of earlier versions, which had a sum alone.
func decodeNote(entry string) note {
	name, rest, _ := strings.Cut(entry, ".")
	code, rest, _ := strings.Cut(rest, ".")
	length, upload, _ := strings.Cut(rest, ".")
	if strings.Contains(upload, ".") {
		return note{size: -1}
	}
	n := note{size: -1, upload: upload}
	sum, err := base64.RawURLEncoding.DecodeString(code)
	if size, e := strconv.ParseUint(length, 10, 62); e == nil {
		n.size = int64(size)
	}
	switch {
	case err != nil:
	case name == "crc32c" && len(sum) == 4:
		n.sums.CRC32C = sum
	case name == "crc64nvme" && len(sum) == 8:
		n.sums.CRC64NVME = sum
	}
	return n
}

// fits reports whether the note can be about an object of this size; -1: not known.
func (n note) fits(size int64) bool { return n.size < 0 || size < 0 || n.size == size }
