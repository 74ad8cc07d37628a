package file

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

var large = flag.Int("large", 0, "names in the directories of TestLargeLists; 0 leaves it out")

// fill makes n objects as a Put does, but for the syncs, in dirs directories.
func fill(t *testing.T, dir string, n, dirs int) {
	t.Helper()
	each := n / dirs
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := part; i < n; i += 2 {
				path := filepath.Join(dir, fmt.Sprintf("k%07d", i*7919%n))
				if dirs > 1 {
					path = filepath.Join(dir, fmt.Sprintf("d%04d", i/each), fmt.Sprintf("k%04d",
						i%each))
				}
				if err := makeObjectAt(path); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// cpuTime is what this process has used: other programs on the machine are not in it.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func makeObjectAt(path string) error {
	f, err := os.Create(path)
	if os.IsNotExist(err) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		f, err = os.Create(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	a := &attrs{ETag: newETag(), ModTime: fi.ModTime().UnixNano(), CRC32C: make([]byte, 4)}
	data, err := a.encode()
	if err == nil {
		_, err = setXattr(f, data)
	}
	return err
}

// pages lists everything and returns the time of each page, and the keys.
func pages(t *testing.T, s *Store, between func()) (took []time.Duration, keys []string) {
	t.Helper()
	opts := new(storage.ListOptions)
	for {
		start := time.Now()
		p, err := s.ListPage(t.Context(), opts)
		took = append(took, time.Since(start))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range p.Objects {
			keys = append(keys, o.Key)
		}
		if opts.PageToken = p.NextToken; p.NextToken == "" {
			return took, keys
		}
		if between != nil {
			between()
		}
	}
}

// TestLargeLists measures lists of many keys: run it with -large 1000000 and -v.
func TestLargeLists(t *testing.T) {
	if *large == 0 {
		t.Skip("run with -large 1000000, which makes 2,200,000 files")
	}
	full := func(name string, n, dirs int) time.Duration {
		s, dir := newStore(t)
		fill(t, dir, n, dirs)
		var runs []time.Duration
		for range 3 {
			start := cpuTime(t)
			if _, keys := pages(t, s, nil); len(keys) != n || !slices.IsSorted(keys) {
				t.Errorf("%s: %d keys, want %d in order", name, len(keys), n)
			}
			runs = append(runs, cpuTime(t)-start)
		}
		slices.Sort(runs)
		t.Logf("%s: %d keys in %v of CPU (%v)", name, n, runs[0], runs)
		if n == *large && dirs == 1 {
			whileOthersWrite(t, s, dir, n)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		return runs[0] // with the least of what else the machine does
	}
	for _, shape := range []struct {
		name        string
		small, dirs int
	}{{"one directory", 1, 1}, {"directories of 1,000", *large / 10 / 1000, *large / 1000}} {
		few := full(shape.name, *large/10, shape.small)
		many := full(shape.name, *large, shape.dirs)
		ratio := float64(many) / float64(few)
		t.Logf("%s: ten times the keys take %.1f times as long", shape.name, ratio)
		if ratio > 12 {
			t.Errorf("%s: ten times the keys take %.1f times as long, want at most 12", shape.name,
				ratio)
		}
	}
}

// whileOthersWrite lists a directory that another Store writes to 20 times a second.
func whileOthersWrite(t *testing.T, s *Store, dir string, n int) {
	other := openStore(t, dir)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				if _, err := tryPut(t.Context(), other, fmt.Sprintf("k%07d-new", i*7919%n), "x",
					nil); err != nil {
					t.Error(err)
				}
			case <-done:
				return
			}
		}
	})
	took, keys := pages(t, s, nil)
	close(done)
	wg.Wait()
	if len(keys) < n || !slices.IsSorted(keys) {
		t.Errorf("%d keys, want %d and some, in order", len(keys), n)
	}
	first := took[0]
	slices.Sort(took)
	median, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("with a writer: first page %v, others %v, p99 %v, slowest but one %v", first, median,
		p99,
		took[len(took)-2])
	if median > 60*time.Millisecond {
		t.Errorf("a page takes %v, want at most 60 ms", median)
	}
}
