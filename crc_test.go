package storage

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sumsOf makes the sums that can be combined.
func sumsOf(data []byte) Checksums {
	var c Checksums
	for _, a := range algorithms {
		if a.CRC {
			h := a.New()
			h.Write(data)
			*a.Of(&c) = h.Sum(nil)
		}
	}
	return c
}

func TestChecksumsOfCheckValue(t *testing.T) {
	got := sumsOf([]byte("123456789"))
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"CRC32":     {got.CRC32, "cbf43926"},
		"CRC32C":    {got.CRC32C, "e3069283"},
		"CRC64NVME": {got.CRC64NVME, "ae8b14860a799888"},
	} {
		if s := hex.EncodeToString(c.got); s != c.want {
			t.Errorf("%s of 123456789 = %s, want %s", name, s, c.want)
		}
	}
}

func TestCombineChecksums(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 200 {
		data := make([]byte, r.IntN(5000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		var parts []*Part
		for rest := data; ; {
			n := r.IntN(len(rest) + 1) // parts may be empty
			parts = append(parts, &Part{Size: int64(n), Checksums: sumsOf(rest[:n])})
			if rest = rest[n:]; len(rest) == 0 {
				break
			}
		}
		if d := cmp.Diff(sumsOf(data), CombineChecksums(parts)); d != "" {
			t.Fatalf("round %d, seed %d, %d bytes in %d parts (-direct +combined):\n%s", round,
				seed, len(data), len(parts), d)
		}
	}
}

func TestCombineChecksumsOfLargeParts(t *testing.T) {
	zeros := make([]byte, 1<<20)
	const n = 5
	var parts []*Part
	for range n {
		parts = append(parts, &Part{Size: int64(len(zeros)), Checksums: sumsOf(zeros)})
	}
	whole := sumsOf(bytes.Repeat(zeros, n))
	if d := cmp.Diff(whole, CombineChecksums(parts)); d != "" {
		t.Errorf("(-direct +combined):\n%s", d)
	}
}

func TestCombineChecksumsLacking(t *testing.T) {
	full := &Part{Size: 3, Checksums: sumsOf([]byte("abc"))}
	only := &Part{Size: 3,
		Checksums: Checksums{CRC32C: sumsOf([]byte("def")).CRC32C, MD5: make([]byte, 16)}}
	got := CombineChecksums([]*Part{full, only})
	if d := cmp.Diff(Checksums{CRC32C: sumsOf([]byte("abcdef")).CRC32C}, got); d != "" {
		t.Errorf("a sum that not every part has (-want +got):\n%s", d)
	}
	if !CombineChecksums(nil).IsZero() {
		t.Error("the sums of no parts are not zero")
	}
}
