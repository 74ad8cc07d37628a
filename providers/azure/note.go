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
	entry := name + "." + base64.RawURLEncoding.EncodeToString(sum) + "."
	if n.size >= 0 {
		entry += strconv.FormatInt(n.size, 10)
	}
	if n.upload != "" {
		entry += "." + n.upload
	}
	return entry
}

// decodeNote undoes encode, and reads the entries of earlier versions, which had a sum alone.
func decodeNote(entry string) note {
	f := strings.Split(entry, ".")
	if len(f) > 4 {
		return note{size: -1}
	}
	f = append(f, make([]string, 4)...)
	n := note{size: -1, upload: f[3]}
	sum, err := base64.RawURLEncoding.DecodeString(f[1])
	if size, e := strconv.ParseUint(f[2], 10, 62); e == nil {
		n.size = int64(size)
	}
	switch {
	case err != nil:
	case f[0] == "crc32c" && len(sum) == 4:
		n.sums.CRC32C = sum
	case f[0] == "crc64nvme" && len(sum) == 8:
		n.sums.CRC64NVME = sum
	}
	return n
}

// fits reports whether the note can be about an object of this size; -1: not known.
func (n note) fits(size int64) bool { return n.size < 0 || size < 0 || n.size == size }
