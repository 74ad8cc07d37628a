package pattern

import (
	"bytes"
	"hash/crc32"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReader(t *testing.T) {
	const size = 3*BlockSize + 5
	var b bytes.Buffer
	if err := Write(&b, size); err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(New(size), b.Bytes()); err != nil {
		t.Error(err)
	}
	first, second := b.Bytes()[:BlockSize], b.Bytes()[BlockSize:2*BlockSize]
	if bytes.Equal(first, second) {
		t.Error("two blocks are equal")
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	if got, want := CRC(size), crc32.Checksum(b.Bytes(), table); got != want {
		t.Errorf("CRC = %x, want %x", got, want)
	}
}
