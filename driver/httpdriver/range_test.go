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
	"bytes 0-10/10", "bytes 0--1/0", "bytes -1-2/3", "bytes 0-9223372036854775807/9223372036854775807",
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
		r := &storage.GetResult{Object: new(storage.Object)}
		err = SetRange(r, v)
		if got := [3]int64{r.Offset, r.Offset + r.Length - 1, r.Object.Size}; err != nil || got != want {
			t.Errorf("SetRange(%q) = %v, %v, want %v", v, got, err, want)
		}
	}
	for _, v := range malformed {
		if first, last, size, err := ParseContentRange(v); err == nil {
			t.Errorf("ParseContentRange(%q) = %d, %d, %d", v, first, last, size)
		}
		r := &storage.GetResult{Object: new(storage.Object)}
		if err := SetRange(r, v); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("SetRange(%q): %v", v, err)
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
