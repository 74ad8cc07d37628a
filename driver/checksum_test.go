package driver

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"math/bits"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// The check values of "123456789": https://reveng.sourceforge.io/crc-catalogue/all.htm, and of the
// digests by coreutils.
var checkValues = map[Sums]struct{ name, sum string }{
	CRC32C:    {"CRC32C", "e3069283"},
	CRC64NVME: {"CRC64NVME", "ae8b14860a799888"},
	CRC32:     {"CRC32", "cbf43926"},
	SHA256:    {"SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
	SHA1:      {"SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
	MD5:       {"MD5", "25f9e794323b453885f5181f1b624d0b"},
}

func algorithmOf(which Sums) *storage.Algorithm {
	return &algorithms[bits.TrailingZeros8(uint8(which))]
}

func TestSums(t *testing.T) {
	if n := len(storage.Algorithms()); n != count || n != len(checkValues) {
		t.Fatalf("%d checksums of %d have a name here", count, n)
	}
	p, err := NewPayload(strings.NewReader("123456789"), 9)
	if err != nil {
		t.Fatal(err)
	}
	var h Hasher
	together := Sums(0)
	for which, want := range checkValues {
		together |= which
		a := algorithmOf(which)
		if a.Name != want.name {
			t.Errorf("%s is called %s", want.name, a.Name)
		}
		sums, err := h.Sum(t.Context(), p, which)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(*a.Of(&sums)); got != want.sum {
			t.Errorf("%s = %s, want %s", want.name, got, want.sum)
		}
		if Given(&sums) != which {
			t.Errorf("%s: sums of %b", want.name, Given(&sums))
		}
	}
	if together != AllSums {
		t.Errorf("AllSums = %b, they are %b", AllSums, together)
	}
	inMemory, err := h.SumBytes(t.Context(), []byte("123456789"), AllSums)
	if err != nil || Given(&inMemory) != AllSums {
		t.Errorf("SumBytes: %v, %v", inMemory, err)
	}
	for which := range checkValues {
		one, rest := which.Select(&inMemory), (AllSums &^ which).Select(&inMemory)
		if Given(&one) != which || Given(&rest) != AllSums&^which ||
			Verify(&inMemory, &one) != nil {
			t.Errorf("Select(%b) = %v, the others are %v", which, one, rest)
		}
	}
	d := h.New(AllSums)
	io.WriteString(d, "12345")
	io.WriteString(d, "6789")
	sums := d.Checksums()
	for which, want := range checkValues {
		for _, sums := range []*storage.Checksums{&sums, &inMemory} {
			if got := hex.EncodeToString(*algorithmOf(which).Of(sums)); got != want.sum {
				t.Errorf("%s = %s, want %s", want.name, got, want.sum)
			}
		}
	}
	if all, err := io.ReadAll(p); err != nil || string(all) != "123456789" {
		t.Errorf("after the sums the body is %q, %v", all, err)
	}
}

func TestSumsEnd(t *testing.T) {
	var h Hasher
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := NewPayload(strings.NewReader("1234"), 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sum(ctx, p, CRC32C); !errors.Is(err, context.Canceled) {
		t.Errorf("Sum after the end of its context: %v", err)
	}
	if _, err := h.SumBytes(ctx, make([]byte, 4), CRC32C); !errors.Is(err, context.Canceled) {
		t.Errorf("SumBytes after the end of its context: %v", err)
	}
	p, err = NewPayload(faulty{4, func([]byte) (int, error) { return 0, io.EOF }}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sum(t.Context(), p, CRC32C); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Sum of a source that shrank: %v", err)
	}
}

func TestFastCRC64(t *testing.T) {
	made := 0
	h := Hasher{NewCRC64NVME: func() hash.Hash {
		made++
		return algorithmOf(CRC64NVME).New()
	}}
	if _, err := h.SumBytes(t.Context(), nil, AllSums); err != nil || made != 1 {
		t.Errorf("the faster hash was made %d times, %v", made, err)
	}
}

func TestVerify(t *testing.T) {
	have := storage.Checksums{CRC32C: []byte{1, 2, 3, 4}}
	for _, test := range []struct {
		want storage.Checksums
		err  error
	}{
		{storage.Checksums{}, nil},
		{storage.Checksums{CRC32C: []byte{1, 2, 3, 4}}, nil},
		{storage.Checksums{CRC32C: []byte{1, 2, 3, 5}}, storage.ErrIntegrity},
		{storage.Checksums{MD5: make([]byte, 16)}, errors.ErrUnsupported},
	} {
		if err := Verify(&have, &test.want); !errors.Is(err, test.err) {
			t.Errorf("Verify(%v) = %v, want %v", test.want, err, test.err)
		}
	}
}

func TestVerifyBytes(t *testing.T) {
	var h Hasher
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	data := []byte("123456789")
	all, err := h.SumBytes(t.Context(), data, AllSums)
	if err != nil {
		t.Fatal(err)
	}
	wrong := MD5.Select(&all)
	wrong.MD5 = make([]byte, 16)
	for _, test := range []struct {
		name string
		ctx  context.Context
		want storage.Checksums
		sums Sums
		err  error
	}{
		{"nothing", t.Context(), storage.Checksums{}, CRC32C, nil},
		{"a hash", t.Context(), MD5.Select(&all), CRC32C | MD5, nil},
		{"all", t.Context(), all, AllSums, nil},
		{"another hash", t.Context(), wrong, 0, storage.ErrIntegrity},
		{"an ended context", ended, storage.Checksums{}, 0, context.Canceled},
	} {
		got, err := h.VerifyBytes(test.ctx, data, &test.want)
		if test.err == nil && err == nil {
			if Given(&got) != test.sums || Verify(&got, &test.want) != nil ||
				Verify(&all, &got) != nil {
				t.Errorf("%s: %v", test.name, got)
			}
		} else if !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %v", test.name, err, test.err)
		}
	}
}
