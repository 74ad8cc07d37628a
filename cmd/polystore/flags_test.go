package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]rate{
		"0": 0, "1": 1, "500": 500, "500B": 500, "500b/s": 500,
		"1K": 1024, "1KB": 1000, "1kB": 1000, "1KiB": 1024,
		"20MiB": 20 << 20, "20mib/s": 20 << 20, "20 MB": 20e6, "1.5M": 3 << 19,
		".5G": 1 << 29, "2TB": 2e12, "2TiB": 2 << 40,
	} {
		var r rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%q: %v, %v; want %v", text, r, err, want)
		}
	}
	for _, text := range []string{
		"", "M", "-1", "+1", "1e3", "0x10", "inf", "NaN", "20Mbit", "20MBs", "1 2", "1_000",
		"20MiB/m", "1KK", "9999999TiB", "0.5", "B1", "1iB",
	} {
		var r rate
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %v", text, r)
		}
	}
}

func FuzzRate(f *testing.F) {
	f.Add("20MiB/s")
	f.Add("1.5 GB")
	f.Fuzz(func(t *testing.T, text string) {
		var r rate
		if err := r.UnmarshalText([]byte(text)); err == nil && r < 0 {
			t.Errorf("%q is taken as %v", text, r)
		}
	})
}

func TestJobs(t *testing.T) {
	var j jobs
	if err := j.UnmarshalText([]byte("12")); err != nil || j != 12 {
		t.Errorf("12: %v, %v", j, err)
	}
	for _, text := range []string{"", "0", "-1", "1.5", "many"} {
		if err := j.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as %v", text, j)
		}
	}
}

// The limit of the command is that of each Bucket that it opens.
func TestBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &app{ctx: t.Context(), bandwidth: mib}
		b, err := a.open("mem://bandwidth")
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		start := time.Now()
		if _, err := b.WriteAll(a.ctx, "k", make([]byte, 4*mib), nil); err != nil {
			t.Fatal(err)
		}
		up := time.Since(start)
		start = time.Now()
		opts := &storage.GetOptions{Offset: 2 * mib}
		if _, err := b.ReadAll(a.ctx, "k", opts); err != nil {
			t.Fatal(err)
		}
		down := time.Since(start)
		if up < 3900*time.Millisecond || up > 5*time.Second ||
			down < 1900*time.Millisecond || down > 3*time.Second {
			t.Errorf("4 MiB up took %v and 2 MiB down %v at 1 MiB/s, want 4 s and 2 s", up, down)
		}
	})
}
