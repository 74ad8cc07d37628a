package file

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// model is what a list is to return.
func model(keys []string, opts storage.ListOptions) (want []string) {
	for _, key := range keys {
		if !strings.HasPrefix(key, opts.Prefix) {
			continue
		}
		if opts.Delimiter != "" {
			if i := strings.Index(key[len(opts.Prefix):], opts.Delimiter); i >= 0 {
				key = key[:len(opts.Prefix)+i+len(opts.Delimiter)]
			}
		}
		if key > opts.StartAfter && (len(want) == 0 || want[len(want)-1] != key) {
			want = append(want, key)
		}
	}
	return want
}

func TestListAgainstModel(t *testing.T) {
	s, dir := newStore(t)
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	segments := []string{"a", "a-", "a0", "a b", "b", "é", "￿", "🙂", "-", "0", "tmp", "a.b", "A"}
	random := func() string {
		segs := make([]string, 1+rng.IntN(4))
		for i := range segs {
			segs[i] = segments[rng.IntN(len(segments))]
		}
		return strings.Join(segs, "/")
	}
	set := make(map[string]bool)
	for range 150 {
		key := random()
		set[key] = true
		put(t, s, key, key, nil)
		if rng.IntN(3) == 0 {
			key = random()
			delete(set, key)
			remove(t, s, key)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "empty/of/keys"), 0o777); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	// Old enough for walks to be kept, in every other list.
	past := time.Now().Add(-time.Minute)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			err = os.Chtimes(path, past, past)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 800 {
		s.maxIndex = []int{1, 100, 1 << 20}[rng.IntN(3)] // in several passes, if there are more
		opts := storage.ListOptions{PageSize: []int{1, 2, 3, 7, 1000}[rng.IntN(5)]}
		if rng.IntN(2) == 0 {
			opts.Prefix = random()
			opts.Prefix = opts.Prefix[:rng.IntN(len(opts.Prefix)+1)]
		}
		if rng.IntN(2) == 0 {
			opts.Delimiter = []string{"/", "-", "a", "a/", "/a", "é"}[rng.IntN(6)]
		}
		if rng.IntN(2) == 0 {
			opts.StartAfter = random()
			opts.StartAfter = opts.StartAfter[:rng.IntN(len(opts.StartAfter)+1)]
			if rng.IntN(3) == 0 {
				opts.StartAfter += "/"
			}
		}
		if diff := cmp.Diff(model(keys, opts), list(t, s, opts)); diff != "" {
			t.Fatalf("seed %d, list %d, %+v (-want +got):\n%s", seed, n, opts, diff)
		}
	}
}

// A page of a large directory costs the page, as long as nobody changes the directory.
func TestLargeDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 files")
	}
	s, dir := newStore(t)
	const n = 10000
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		f, err := os.Create(filepath.Join(dir, "d", fmt.Sprintf("%06d", i)))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "d"), old, old); err != nil {
		t.Fatal(err)
	}
	opts := storage.ListOptions{Prefix: "d/", PageSize: 100}
	var times []time.Duration
	seen := 0
	for {
		start := time.Now()
		p, err := s.ListPage(t.Context(), &opts)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(start))
		seen += len(p.Objects)
		if opts.PageToken = p.NextToken; opts.PageToken == "" {
			break
		}
	}
	first, others := times[0], times[1:]
	slices.Sort(others)
	perPage := others[len(others)/2] // the machine may run something else in some of them
	if seen != n {
		t.Errorf("%d keys, want %d", seen, n)
	}
	t.Logf("first page %v, each of %d others %v", first, len(others), perPage)
	// Reading the directory for each page would make every page cost as much as the first.
	if perPage > first/2 {
		t.Errorf("a page costs %v, the first %v", perPage, first)
	}
	// With a delimiter, a directory that is rolled up is not read further than its first object.
	took := time.Hour
	for range 3 { // the machine may run something else in one of them
		before := time.Now()
		got := list(t, s, storage.ListOptions{Delimiter: "/"})
		took = min(took, time.Since(before))
		if !slices.Equal(got, []string{"d/"}) {
			t.Errorf("delimited: %q", got)
		}
	}
	if took > first/2 {
		t.Errorf("the delimited list took %v, the first page %v", took, first)
	}
}

// A walk is not taken up again where another directory has come beside the one that it is in.
func TestListSeesNewDirectories(t *testing.T) {
	s, dir := newStore(t)
	for _, key := range []string{"a", "a/b/0", "a/b/1", "a/b/2"} {
		put(t, s, key, key, nil)
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(dir, "a./b."), old, old); err != nil {
		t.Fatal(err)
	}
	p, err := s.ListPage(t.Context(), &storage.ListOptions{Prefix: "a/b/", PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	remove(t, s, "a")
	put(t, s, "a/b/9", "", nil) // in a/b, and the others are in a./b.
	for _, opts := range []storage.ListOptions{{PageToken: p.NextToken}, {StartAfter: "a/b/0"}} {
		opts.Prefix = "a/b/"
		if diff := cmp.Diff([]string{"a/b/1", "a/b/2", "a/b/9"}, list(t, s, opts)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", opts, diff)
		}
	}
}

// countdown is a context that ends when it has been asked n times whether it has.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// A list looks at its context at every object, not at every page.
func TestListCancelled(t *testing.T) {
	s, dir := newStore(t)
	const n = 100
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("k", i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ListPage(&countdown{t.Context(), n}, new(storage.ListOptions)); !errors.Is(err,
		context.Canceled) {
		t.Errorf("ListPage: %v", err)
	}
}

// A name that appears while a list is taken up page by page is in it.
func TestListSeesChanges(t *testing.T) {
	s, dir := newStore(t)
	for _, key := range []string{"d/a", "d/b", "d/c"} {
		put(t, s, key, key, nil)
	}
	old := time.Now().Add(-time.Minute)
	for _, path := range []string{dir, filepath.Join(dir, "d")} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.ListPage(t.Context(), &storage.ListOptions{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "d/bb", "", nil)
	remove(t, s, "d/c")
	if diff := cmp.Diff([]string{"d/bb"},
		list(t, s, storage.ListOptions{PageToken: p.NextToken})); diff != "" {
		t.Errorf("second page (-want +got):\n%s", diff)
	}
}
