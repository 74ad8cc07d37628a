package storage

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
)

// algorithms are the sums that there are, the quickest CRC first.
var algorithms = [...]struct {
	name string
	crc  bool // sums of parts can be combined
	new  func() hash.Hash
	of   func(*Checksums) *[]byte
}{
	{"CRC32C", true, func() hash.Hash { return crc32.New(castagnoli) }, func(c *Checksums) *[]byte { return &c.CRC32C }},
	{"CRC32", true, func() hash.Hash { return crc32.NewIEEE() }, func(c *Checksums) *[]byte { return &c.CRC32 }},
	{"CRC64NVME", true, func() hash.Hash { return crc64.New(crc64NVME) }, func(c *Checksums) *[]byte { return &c.CRC64NVME }},
	{"MD5", false, md5.New, func(c *Checksums) *[]byte { return &c.MD5 }},
	{"SHA1", false, sha1.New, func(c *Checksums) *[]byte { return &c.SHA1 }},
	{"SHA256", false, sha256.New, func(c *Checksums) *[]byte { return &c.SHA256 }},
}

// verifier computes sums over a stream and holds them against what they should be. A nil verifier checks nothing.
type verifier struct{ sums []sum }

type sum struct {
	algorithm int // index into algorithms
	hash      hash.Hash
	want      []byte
}

// newVerifier checks the CRC of want that is quickest to compute, or, with all, every sum that want has.
func newVerifier(want Checksums, all bool) *verifier {
	v := new(verifier)
	for i := range algorithms {
		a := &algorithms[i]
		if w := *a.of(&want); w != nil && (all || a.crc && len(v.sums) == 0) {
			v.sums = append(v.sums, sum{i, a.new(), w})
		}
	}
	return v
}

func (v *verifier) Write(p []byte) (int, error) {
	if v != nil {
		for _, s := range v.sums {
			s.hash.Write(p)
		}
	}
	return len(p), nil
}

// check returns an ErrIntegrity that names the first sum that is not as it should be.
func (v *verifier) check() error {
	if v == nil {
		return nil
	}
	return v.compare(v.got())
}

// fresh returns a verifier that computes the same sums of other bytes.
func (v *verifier) fresh() *verifier {
	f := new(verifier)
	if v != nil {
		for _, s := range v.sums {
			f.sums = append(f.sums, sum{algorithm: s.algorithm, hash: algorithms[s.algorithm].new()})
		}
	}
	return f
}

// got returns the sums so far.
func (v *verifier) got() (c Checksums) {
	for _, s := range v.sums {
		*algorithms[s.algorithm].of(&c) = s.hash.Sum(nil)
	}
	return c
}

// compare holds got against what the sums should be.
func (v *verifier) compare(got Checksums) error {
	for _, s := range v.sums {
		a := &algorithms[s.algorithm]
		if g := *a.of(&got); !bytes.Equal(g, s.want) {
			return &Error{Kind: ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", a.name, g, s.want)}
		}
	}
	return nil
}

// needsOrder reports whether there is a sum that cannot be combined from those of parts.
func (v *verifier) needsOrder() bool {
	if v != nil {
		for _, s := range v.sums {
			if !algorithms[s.algorithm].crc {
				return true
			}
		}
	}
	return false
}
