package storage

import (
	"bytes"
	"fmt"
	"hash"
)

// verifier computes checksums of a stream and compares them with the expected ones. A nil verifier
// checks nothing.
type verifier struct{ sums []sum }

type sum struct {
	algorithm int // index into algorithms
	hash      hash.Hash
	want      []byte
}

// newVerifier returns a verifier of the fastest CRC of want or, with all, of every checksum of
// want.
func newVerifier(want Checksums, all bool) *verifier {
	v := new(verifier)
	for i := range algorithms {
		a := &algorithms[i]
		if w := *a.Of(&want); w != nil && (all || a.CRC && len(v.sums) == 0) {
			v.sums = append(v.sums, sum{i, a.New(), w})
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
			f.sums = append(f.sums, sum{
				algorithm: s.algorithm, hash: algorithms[s.algorithm].New(),
			})
		}
	}
	return f
}

// got returns the checksums so far.
func (v *verifier) got() (c Checksums) {
	for _, s := range v.sums {
		*algorithms[s.algorithm].Of(&c) = s.hash.Sum(nil)
	}
	return c
}

// compare compares got with the expected checksums.
func (v *verifier) compare(got Checksums) error {
	for _, s := range v.sums {
		a := &algorithms[s.algorithm]
		if g := *a.Of(&got); !bytes.Equal(g, s.want) {
			err := fmt.Errorf("%s is %x, want %x", a.Name, g, s.want)
			return &Error{Kind: ErrIntegrity, Err: err}
		}
	}
	return nil
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
