package httpdriver

import (
	"errors"
	"math"
	"testing"

	"github.com/polystore/storage"
)

func TestRange(t *testing.T) {
	for _, test := range []struct {
		offset, length int64
		want           string
	}{
		{0, 0, ""},
		{0, 1, "bytes=0-0"},
		{3, 4, "bytes=3-6"},
		{3, 0, "bytes=3-"},
		{-5, 0, "bytes=-5"},
		{math.MaxInt64 - 4, 4, "bytes=9223372036854775803-9223372036854775806"},
		{3, math.MaxInt64, "bytes=3-"},
	} {
		o := &storage.GetOptions{Offset: test.offset, Length: test.length}
		if got := Range(o); got != test.want {
			t.Errorf("Range(%d, %d) = %q, want %q", test.offset, test.length, got, test.want)
		}
	}
}

var malformed = []string{
	"", "bytes", "0-0/1", "bytes */10", "bytes 0-9/*", "bytes 9-0/10", "bytes 10-9/10",
	"bytes 0-10/10", "bytes 0--1/0", "bytes -1-2/3",
	"bytes 0-9223372036854775807/9223372036854775807",
}

func TestContentRange(t *testing.T) {
	for v, want := range map[string][3]int64{
		"bytes 0-0/1":  {0, 0, 1},
		"bytes 2-4/10": {2, 4, 10},
		"bytes 0-9223372036854775806/9223372036854775807": {0, 1<<63 - 2, 1<<63 - 1},
	} {
		first, last, size, err := ParseContentRange(v)
		if got := [3]int64{first, last, size}; err != nil || got != want {
			t.Errorf("ParseContentRange(%q) = %v, %v, want %v", v, got, err, want)
		}
		r := &storage.GetResult{Object: new(storage.Object), Length: -1}
		err = SetRange(r, &storage.GetOptions{Offset: want[0]}, v)
		if got := [3]int64{r.Offset, r.Offset + r.Length - 1, r.Object.Size}; err != nil ||
			got != want {
			t.Errorf("SetRange(%q) = %v, %v, want %v", v, got, err, want)
		}
	}
	for _, v := range malformed {
		if first, last, size, err := ParseContentRange(v); err == nil {
			t.Errorf("ParseContentRange(%q) = %d, %d, %d", v, first, last, size)
		}
		r := &storage.GetResult{Object: new(storage.Object), Length: -1}
		if err := SetRange(r, new(storage.GetOptions), v); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("SetRange(%q): %v", v, err)
		}
	}
}

// A Content-Range is held against the Content-Length and against what was asked for; one that ends
// before that is a part of it.
func TestSetRangeHeldAgainst(t *testing.T) {
	for _, test := range []struct {
		offset, length int64 // asked
		header         string
		content        int64 // Content-Length; -1: none
		ok             bool
	}{
		{2, 3, "bytes 2-4/10", 3, true},
		{2, 3, "bytes 2-4/10", -1, true},
		{2, 0, "bytes 2-9/10", 8, true},
		{2, 5, "bytes 2-4/10", 3, true},
		{2, 100, "bytes 2-9/10", 8, true},
		{-3, 0, "bytes 7-9/10", 3, true},
		{-30, 0, "bytes 0-9/10", 10, true},
		{0, 0, "bytes 0-4/10", 5, true},
		{2, 3, "bytes 2-4/10", 2, false},
		{2, 3, "bytes 2-4/10", 10, false},
		{2, 3, "bytes 0-2/10", 3, false},
		{2, 3, "bytes 3-5/10", 3, false},
		{-3, 0, "bytes 0-2/10", 3, false},
		{-3, 0, "bytes 8-9/10", 2, false},
	} {
		r := &storage.GetResult{Object: new(storage.Object), Length: test.content}
		err := SetRange(r, &storage.GetOptions{Offset: test.offset, Length: test.length},
			test.header)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%d, %d asked, %q with %d bytes: %v", test.offset, test.length, test.header,
				test.content, err)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-0/1")
	f.Add("bytes 2-4/10")
	for _, v := range malformed {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		first, last, size, err := ParseContentRange(v)
		if err == nil && (first < 0 || last < first || size <= last) {
			t.Errorf("ParseContentRange(%q) = %d, %d, %d", v, first, last, size)
		}
	})
}
