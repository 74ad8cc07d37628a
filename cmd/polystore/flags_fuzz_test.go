package main

import (
	"strconv"
	"testing"
)

// Jobs are a number above 0, and a version is what it was, or an error.
func FuzzFlags(f *testing.F) {
	for _, text := range []string{
		"", "8", "0", "-1", "+1", "1e3", "99999999999999999999", `"etag"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var j jobs
		n, bad := strconv.Atoi(text)
		if err := j.UnmarshalText([]byte(text)); (err == nil) != (bad == nil && n > 0) ||
			err == nil && int(j) != n || err != nil && j != 0 {
			t.Errorf("jobs %q: %d, %v", text, j, err)
		}
		var v version
		if err := v.UnmarshalText([]byte(text)); (err == nil) != (text != "") || string(v) != text {
			t.Errorf("version %q: %q, %v", text, v, err)
		}
	})
}
