package storage

import (
	"bytes"
	"fmt"
	"hash"
)

// verifier computes checksums of a stream and compares them with the expected ones. A nil verifier
// checks nothing.
type verifier struct {
	sums  []sum
	one   [1]sum           // of sums, as a rule
	crc64 func() hash.Hash // of the driver; nil: the standard library's
}

type sum struct {
	algorithm int // index into algorithms
	hash      hash.Hash
	want      []byte
}

// newVerifier returns a verifier of the fastest CRC of want or, with all, of every checksum of
// want. crc64 makes a faster CRC64NVME; it can be nil.
func newVerifier(want Checksums, all bool, crc64 func() hash.Hash) *verifier {
	v := &verifier{crc64: crc64}
	v.sums = v.one[:0]
	for i := range algorithms {
		a := &algorithms[i]
		if w := *want.of(i); w != nil && (all || a.CRC && len(v.sums) == 0) {
			v.sums = append(v.sums, sum{i, v.hash(i), w})
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

// check returns an ErrIntegrity that names the first checksum that differs.
func (v *verifier) check() error {
	if v == nil {
		return nil
	}
	return v.compare(v.got())
}

// fresh returns a verifier that computes the same checksums from the start.
func (v *verifier) fresh() *verifier {
	f := new(verifier)
	if v != nil {
		for _, s := range v.sums {
			f.sums = append(f.sums, sum{algorithm: s.algorithm, hash: v.hash(s.algorithm)})
		}
	}
	return f
}

// hash makes the hash of an algorithm.
func (v *verifier) hash(algorithm int) hash.Hash {
	if a := &algorithms[algorithm]; v.crc64 == nil || a.Name != "CRC64NVME" {
		return a.New()
	}
	return v.crc64()
}

// got returns the checksums so far.
func (v *verifier) got() (c Checksums) {
	for _, s := range v.sums {
		*c.of(s.algorithm) = s.hash.Sum(nil)
	}
	return c
}

// compare compares got with the expected checksums.
func (v *verifier) compare(got Checksums) error {
	for _, s := range v.sums {
		a := &algorithms[s.algorithm]
		if g := *got.of(s.algorithm); !bytes.Equal(g, s.want) {
			err := fmt.Errorf("%s is %x, want %x", a.Name, g, s.want)
			return &Error{Kind: ErrIntegrity, Err: err}
		}
	}
	return nil
}

// provenBy returns a verifier of those of the same checksums that proven has, with its values.
func (v *verifier) provenBy(proven Checksums) *verifier {
	p := new(verifier)
	for _, s := range v.sums {
		if want := *proven.of(s.algorithm); want != nil {
			p.sums = append(p.sums, sum{algorithm: s.algorithm, want: want})
		}
	}
	return p
}

// needsOrder reports whether a checksum cannot be combined from those of parts.
func (v *verifier) needsOrder() bool {
	if v != nil {
		for _, s := range v.sums {
			if !algorithms[s.algorithm].CRC {
				return true
			}
		}
	}
	return false
}
