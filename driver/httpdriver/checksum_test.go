package httpdriver

import (
	"bytes"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// The fast CRC-64 is the one that the root package has.
func TestCRC64NVME(t *testing.T) {
	data := bytes.Repeat([]byte("content"), 999)
	fast, slow := driver.Hasher{NewCRC64NVME: NewCRC64NVME}, driver.Hasher{}
	var sums [2]storage.Checksums
	for i, h := range [...]*driver.Hasher{&fast, &slow} {
		var err error
		if sums[i], err = h.SumBytes(t.Context(), data, driver.CRC64NVME); err != nil {
			t.Fatal(err)
		}
	}
	if err := driver.Verify(&sums[0], &sums[1]); err != nil {
		t.Error(err)
	}
}

func TestSumHeader(t *testing.T) {
	sum := []byte{1, 2, 3, 4}
	if got := DecodeSum(EncodeSum(sum), 4); !bytes.Equal(got, sum) {
		t.Errorf("%x became %x", sum, got)
	}
	for _, v := range []string{"", "AQID", "AQIDBA", "!QIDBA==", "AQIDBA==-3"} {
		if got := DecodeSum(v, 4); got != nil {
			t.Errorf("DecodeSum(%q) = %x", v, got)
		}
	}
}
