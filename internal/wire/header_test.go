package wire

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		for v, want := range map[string]time.Duration{
			"":                              0,
			"3":                             3 * time.Second,
			"0":                             0,
			"-3":                            0,
			"1.5":                           0,
			"x":                             0,
			"99999999999":                   0,
			"Sat, 01 Jan 2000 00:00:00 GMT": 0, // now, here
			"Mon, 02 Jan 1995 15:04:05 GMT": 0,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
		} {
			if got := RetryAfter(v); got != want {
				t.Errorf("RetryAfter(%q) = %v, want %v", v, got, want)
			}
		}
	})
}

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
		if got := Range(test.offset, test.length); got != test.want {
			t.Errorf("Range(%d, %d) = %q, want %q", test.offset, test.length, got, test.want)
		}
	}
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
	}
	for _, v := range []string{"", "bytes", "0-0/1", "bytes */10", "bytes 0-9/*", "bytes 9-0/10", "bytes 10-9/10", "bytes 0-10/10", "bytes 0--1/0", "bytes -1-2/3"} {
		if first, last, size, err := ParseContentRange(v); err == nil {
			t.Errorf("ParseContentRange(%q) = %d, %d, %d", v, first, last, size)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, v := range []string{"bytes 0-0/1", "bytes 2-4/10", "bytes */10", "bytes 9-0/10", "bytes 10-9/10", "", "bytes 0-9/*", "bytes 0-9223372036854775807/9223372036854775807"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		first, last, size, err := ParseContentRange(v)
		if err == nil && (first < 0 || last < first || size <= last) {
			t.Errorf("ParseContentRange(%q) = %d, %d, %d", v, first, last, size)
		}
	})
}

func TestXMLText(t *testing.T) {
	for s, want := range map[string]bool{"": true, "a/b é 𝄞": true, "a\t\r\n": true, "a\x00": false, "\x1f": false, "\uFFFE": false, "x\uFFFF": false} {
		if got := XMLText(s); got != want {
			t.Errorf("XMLText(%q) = %v", s, got)
		}
	}
}
