package storage

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strings"
)

// Checksums are sums over all bytes of an object as stored, in big-endian byte order, which is the
// order in which they are printed. A nil field is unknown. CRC64NVME is the CRC-64 of NVMe, whose
// check value is ae8b14860a799888.
//
// Every sum that a caller gives is verified before the write is visible. Whether Stat shows it
// afterwards depends on the service: S3 keeps one sum of an object in one request, and of an object
// in parts a CRC at most; Cloud Storage keeps MD5 except of objects in parallel parts; Azure keeps
// MD5. docs/providers.md has a table.
type Checksums struct {
	CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256 []byte
}

// IsZero reports whether all checksums are unknown.
func (c Checksums) IsZero() bool {
	return c.CRC32 == nil && c.CRC32C == nil && c.CRC64NVME == nil &&
		c.MD5 == nil && c.SHA1 == nil && c.SHA256 == nil
}

// check returns an error for a checksum of the wrong length.
func (c Checksums) check() error {
	for i := range algorithms {
		a := &algorithms[i]
		if sum := *c.of(i); sum != nil && len(sum) != a.Size {
			return invalid("%s has %d bytes, want %d", a.Name, len(sum), a.Size)
		}
	}
	return nil
}

// Algorithm is one of the checksum algorithms of [Checksums]. Drivers loop over [Algorithms]
// instead of naming each of them.
type Algorithm struct {
	Name string                   // as the field of Checksums: "CRC32C"
	Size int                      // of the sum, in bytes
	CRC  bool                     // the sums of parts can be combined: see CombineChecksums
	New  func() hash.Hash         // from the standard library
	Of   func(*Checksums) *[]byte // the field
}

// Algorithms returns every algorithm, beginning with the fastest CRC. The slice belongs to the
// caller.
func Algorithms() []Algorithm { return slices.Clone(algorithms[:]) }

// The polynomials, bit-reversed as in hash/crc32 and hash/crc64.
const nvme = 0x9a6c9329ac4bc9b5 // CRC-64/NVME

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	crc64NVME  = crc64.MakeTable(nvme)
)

var algorithms = [...]Algorithm{
	{"CRC32C", 4, true, func() hash.Hash { return crc32.New(castagnoli) }, fieldOf(0)},
	{"CRC32", 4, true, func() hash.Hash { return crc32.NewIEEE() }, fieldOf(1)},
	{"CRC64NVME", 8, true, func() hash.Hash { return crc64.New(crc64NVME) }, fieldOf(2)},
	{"MD5", md5.Size, false, md5.New, fieldOf(3)},
	{"SHA1", sha1.Size, false, sha1.New, fieldOf(4)},
	{"SHA256", sha256.Size, false, sha256.New, fieldOf(5)},
}

func fieldOf(i int) func(*Checksums) *[]byte {
	return func(c *Checksums) *[]byte { return c.of(i) }
}

// of returns the field of an algorithm, by its index. Unlike the functions of the table it is known
// to the compiler, which then leaves c on the stack.
func (c *Checksums) of(i int) *[]byte {
	return [...]*[]byte{&c.CRC32C, &c.CRC32, &c.CRC64NVME, &c.MD5, &c.SHA1, &c.SHA256}[i]
}

// MarshalJSON returns the known checksums in hexadecimal under their lower-case names, as tools
// print them: {"crc32c":"e3069283"}.
func (c Checksums) MarshalJSON() ([]byte, error) {
	sums := make(map[string]string, len(algorithms))
	for i := range algorithms {
		a := &algorithms[i]
		if sum := *c.of(i); sum != nil {
			sums[strings.ToLower(a.Name)] = hex.EncodeToString(sum)
		}
	}
	return json.Marshal(sums)
}

// UnmarshalJSON reads the output of MarshalJSON.
func (c *Checksums) UnmarshalJSON(data []byte) error {
	var sums map[string]string
	if err := json.Unmarshal(data, &sums); err != nil {
		return err
	}
	*c = Checksums{}
	for i := range algorithms {
		a := &algorithms[i]
		text, ok := sums[strings.ToLower(a.Name)]
		if !ok {
			continue
		}
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != a.Size {
			return invalid("%s %q is not %d bytes in hexadecimal", a.Name, text, a.Size)
		}
		*a.Of(c) = sum
	}
	return nil
}
