package wire

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// The check values of "123456789": https://reveng.sourceforge.io/crc-catalogue/all.htm, and of the digests by coreutils.
var checkValues = [algorithms]string{
	CRC32C:    "e3069283",
	CRC64NVME: "ae8b14860a799888",
	CRC32:     "cbf43926",
	SHA256:    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	SHA1:      "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
	MD5:       "25f9e794323b453885f5181f1b624d0b",
}

func TestSums(t *testing.T) {
	p, err := NewPayload(strings.NewReader("123456789"), 9)
	if err != nil {
		t.Fatal(err)
	}
	var h Hasher
	for i, want := range checkValues {
		var which Set
		which[i] = true
		sums, err := h.Sums(t.Context(), p, which)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(*Algorithms[i].Of(&sums)); got != want {
			t.Errorf("%s = %s, want %s", Algorithms[i].Name, got, want)
		}
		if Given(&sums) != which {
			t.Errorf("%s: sums of %v", Algorithms[i].Name, Given(&sums))
		}
	}
	if all, err := io.ReadAll(p); err != nil || string(all) != "123456789" {
		t.Errorf("after the sums the body is %q, %v", all, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Sums(ctx, p, Set{CRC32C: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("Sums after the end of its context: %v", err)
	}
	broken, err := NewPayload(faulty{4, func([]byte) (int, error) { return 0, io.EOF }}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sums(t.Context(), broken, Set{CRC32C: true}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Sums of a source that shrank: %v", err)
	}
}

func TestCheckSums(t *testing.T) {
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
		if err := CheckSums(&have, &test.want); !errors.Is(err, test.err) {
			t.Errorf("CheckSums(%v) = %v, want %v", test.want, err, test.err)
		}
	}
}
