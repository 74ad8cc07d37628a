package storage_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"github.com/polystore/storage"
)

// TestReadRangesMerges bounds the size of a merged request and what it reads in vain.
func TestReadRangesMerges(t *testing.T) {
	const kib = 1 << 10
	series := func(n int, length, step int64) (ranges []storage.Range) {
		for i := range n {
			ranges = append(ranges, storage.Range{Offset: int64(i) * step, Length: length})
		}
		return ranges
	}
	r := newReaderAt(t, 8<<20, storage.Options{PartSize: 2 << 20}, storage.ReaderAtOptions{})
	for what, c := range map[string]struct {
		ranges []storage.Range
		want   [][2]int64 // offset and length of each request, by offset
	}{
		"a gap of 128 KiB": {series(2, kib, 129*kib), [][2]int64{{0, 130 * kib}}},
		"a larger gap": {series(2, kib, 129*kib+1), [][2]int64{{0, kib},
			{129*kib + 1, kib}}},
		"gaps of 512 KiB together": {series(6, kib, 129*kib), [][2]int64{
			{0, 4*129*kib + kib}, {5 * 129 * kib, kib}}},
		"gaps as large as the ranges": {series(12, 100*kib, 200*kib), [][2]int64{
			{0, 1900 * kib}, {2000 * kib, 300 * kib}}},
		"neighbours of more than a part": {series(3, 1<<20, 1<<20), [][2]int64{
			{0, 2 << 20}, {2 << 20, 1 << 20}}},
		"one of more than a part": {series(1, 5<<20, 0), [][2]int64{
			{0, 2 << 20}, {2 << 20, 2 << 20}, {4 << 20, 1 << 20}}},
		"one within another": {
			[]storage.Range{{Offset: 0, Length: 3 << 20}, {Offset: kib, Length: kib}},
			[][2]int64{{0, 2 << 20}, {2 << 20, 1 << 20}},
		},
	} {
		r.s.Reset()
		got, err := r.ReadRanges(c.ranges)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for i, x := range c.ranges {
			if !bytes.Equal(got[i], r.data[x.Offset:x.Offset+x.Length]) {
				t.Errorf("%s: range %d is other bytes", what, i)
			}
		}
		var asked [][2]int64
		for _, call := range r.s.Calls("Get") {
			o := call.Options.(storage.GetOptions)
			asked = append(asked, [2]int64{o.Offset, o.Length})
		}
		slices.SortFunc(asked, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
		if !slices.Equal(asked, c.want) {
			t.Errorf("%s: requests %d, want %d", what, asked, c.want)
		}
	}
}

// TestReadRangesCached reads from the cache what is there, and only that.
func TestReadRangesCached(t *testing.T) {
	r := newReaderAt(t, 10*blockSize, storage.Options{}, plainBlocks())
	for _, off := range []int64{3000, 4000} {
		if _, err := r.ReadAt(make([]byte, 1), off); err != nil {
			t.Fatal(err)
		}
	}
	r.s.Reset()
	got, err := r.ReadRanges([]storage.Range{
		{Offset: 3000, Length: 2000}, {Offset: 3500, Length: 1000}, {Offset: 4999, Length: 1},
	})
	if err != nil || !bytes.Equal(got[0], r.data[3000:5000]) ||
		!bytes.Equal(got[1], r.data[3500:4500]) || !bytes.Equal(got[2], r.data[4999:5000]) {
		t.Errorf("ReadRanges of what is cached: %v", err)
	}
	if n := r.s.Count("Get"); n != 0 {
		t.Errorf("ReadRanges of what is cached: %d requests, want none", n)
	}
	for i := range got[0] {
		got[0][i]++ // it is the caller's own
	}
	got, err = r.ReadRanges([]storage.Range{
		{Offset: 3000, Length: 2001}, {Offset: 2999, Length: 1}, {Offset: 3100, Length: 10},
	})
	if err != nil || !bytes.Equal(got[0], r.data[3000:5001]) || got[1][0] != r.data[2999] ||
		!bytes.Equal(got[2], r.data[3100:3110]) {
		t.Errorf("ReadRanges of what is cached in part: %v", err)
	}
	if n := r.s.Count("Get"); n != 1 {
		t.Errorf("ReadRanges of what is cached in part: %d requests, want 1", n)
	}
}
