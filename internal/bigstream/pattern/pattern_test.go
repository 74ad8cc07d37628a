package pattern

import (
	"bytes"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is read is the same in one piece and in many, and a Checker knows it from anything else.
func TestPattern(t *testing.T) {
	const size = 2*period + 100
	all, err := io.ReadAll(&Reader{0, size})
	if err != nil || len(all) != size || bytes.Equal(all[:period-1], all[1:period]) {
		t.Fatalf("%d bytes, %v", len(all), err)
	}
	if err := iotest.TestReader(&Reader{period - 10, period + 10},
		all[period-10:period+10]); err != nil {
		t.Error(err)
	}
	if got, want := CRC32C(size), crc32.Checksum(all, crc32.MakeTable(crc32.Castagnoli)); got !=
		want {
		t.Errorf("CRC32C = %08x, want %08x", got, want)
	}
	for _, pieces := range []int{1, 3, period} {
		var c Checker
		for rest := all; len(rest) > 0; rest = rest[min(pieces*1000, len(rest)):] {
			c.Write(rest[:min(pieces*1000, len(rest))])
		}
		if c.Wrong || c.Off != size {
			t.Errorf("%+v after the pattern in pieces of %d", c, pieces*1000)
		}
	}
	all[period+5]++
	var c Checker
	if c.Write(all); !c.Wrong {
		t.Error("a wrong byte was not seen")
	}
}
