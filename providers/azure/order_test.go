package azure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

// units are what the service compares.
func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

func TestCompareUTF16(t *testing.T) {
	names := []string{"", "a", "ab", "b", "é", "\ud7ff", "\ue000", "\uffff", "\U00010000",
		"\U0001f600", "\U0010ffff", "a\U0001f600", "a\ue000", "a\uff5eb",
		"\U0001f600a", "\U0001f600\ue000", "\U0001f601", "語", "語\U00020000", "語\uf8ff"}
	for _, a := range names {
		for _, b := range names {
			want := slices.Compare(units(a), units(b))
			if got := compareUTF16(a, b); got > 0 != (want > 0) || got < 0 != (want < 0) {
				t.Errorf("compareUTF16(%+q, %+q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func FuzzCompareUTF16(f *testing.F) {
	f.Add("a\U0001f600", "a\ue000")
	f.Add("\U0001f600x", "\U0001f601")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		want := slices.Compare(units(a), units(b))
		if got := compareUTF16(a, b); got > 0 != (want > 0) || got < 0 != (want < 0) {
			t.Errorf("compareUTF16(%+q, %+q) = %d, want %d", a, b, got, want)
		}
	})
}

// fakeList lists as Azure does: in UTF-16 order, common prefixes among the names, from StartFrom or
// behind the marker. With ignore it knows no StartFrom, as versions before 2026-02-06. A tree has
// the order of a hierarchical namespace.
type fakeList struct {
	names  []string // in its order
	ignore bool
	tree   bool
}

func (s fakeList) compare(a, b string) int {
	if s.tree {
		first := strings.NewReplacer("/", "\x00")
		return strings.Compare(first.Replace(a), first.Replace(b))
	}
	return compareUTF16(a, b)
}

func (s fakeList) list(
	prefix, delimiter, startFrom, marker string, size int,
) (page []*entry, next string) {
	for _, name := range s.names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		e := &entry{Object: storage.Object{Key: name}}
		if at := strings.Index(name[len(prefix):], delimiter); delimiter != "" && at >= 0 {
			e.Key, e.IsPrefix = name[:len(prefix)+at+len(delimiter)], true
		}
		switch {
		case marker != "" && s.compare(e.Key, marker) <= 0,
			marker == "" && !s.ignore && s.compare(name, startFrom) < 0,
			len(page) > 0 && page[len(page)-1].Key == e.Key:
			continue
		}
		if len(page) == size {
			return page, page[size-1].Key
		}
		page = append(page, e)
	}
	return page, ""
}

// walkAll lists to the end by pages, as ListPage does, without the requests between.
func walkAll(t *testing.T, s fakeList, opts storage.ListOptions) (keys []string, pages int) {
	t.Helper()
	for pages = 1; ; pages++ {
		l, err := newListing(&opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Walk) > 0 {
			start := ""
			if l.Marker == "" {
				start = l.startFrom()
			}
			all, next := s.list(opts.Prefix, opts.Delimiter, start, l.Marker, opts.PageSize)
			page, err := l.take(all, next)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				keys = append(keys, e.Key)
			}
		}
		if opts.PageToken = l.token(); opts.PageToken == "" {
			return keys, pages
		}
		if pages > 100_000 {
			t.Fatalf("no end: %+q", keys[max(0, len(keys)-10):])
		}
	}
}

// wanted is the list as it has to be: in the order of bytes.
func wanted(names []string, opts storage.ListOptions) (keys []string) {
	for _, name := range names {
		if !strings.HasPrefix(name, opts.Prefix) {
			continue
		}
		if at := strings.Index(name[len(opts.Prefix):], opts.Delimiter); opts.Delimiter != "" &&
			at >= 0 {
			name = name[:len(opts.Prefix)+at+len(opts.Delimiter)]
		}
		if name > opts.StartAfter {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Random names of few characters, which sort badly, come in the order of bytes, from any beginning,
// at any page size.
func TestOrder(t *testing.T) {
	alphabet := []string{"a", "/", "\ud7ff", "\ue000", "\uff5e", "\ufffd", "\U00010000",
		"\U0001f600"}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	name := func() string {
		var s strings.Builder
		for range 1 + r.IntN(5) {
			s.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		return s.String()
	}
	for range 400 {
		var names []string
		for range r.IntN(60) {
			names = append(names, name())
		}
		slices.SortFunc(names, compareUTF16)
		s := fakeList{names: slices.Compact(names), ignore: r.IntN(4) == 0}
		opts := storage.ListOptions{PageSize: 1 + r.IntN(4)}
		if r.IntN(4) == 0 {
			opts.PageSize = 1000
		}
		if r.IntN(2) == 0 {
			opts.StartAfter = name()
		}
		if r.IntN(3) == 0 {
			opts.Prefix = alphabet[r.IntN(len(alphabet))]
		}
		if r.IntN(3) == 0 {
			opts.Delimiter = []string{"/", "\U0001f600", "a/"}[r.IntN(3)]
		}
		got, _ := walkAll(t, s, opts)
		if diff := cmp.Diff(wanted(s.names, opts), got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d, %+q, %+v: -want +got\n%s", seed, s.names, opts, diff)
		}
	}
}

// Where there is nothing to turn round, there is no request more than pages.
func TestOrderCostsNothing(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("p/%03d-語", i))
	}
	if _, pages := walkAll(t, fakeList{names: names}, storage.ListOptions{Prefix: "p/",
		PageSize: 10, StartAfter: "p/049-語"}); pages != 6 {
		t.Errorf("%d pages, want 6: of 50 names, and the one that StartFrom includes", pages)
	}
}

// A version of the protocol that does not know StartFrom is not asked for it.
func TestStartFromVersion(t *testing.T) {
	srv := newStub(t, answerOK)
	for version, want := range map[string]string{"": "a", "2026-02-06": "a", "2025-11-05": ""} {
		o := srv.options()
		o.APIVersion = version
		if _, err := mustNew(t,
			"bucket", o).ListPage(t.Context(), &storage.ListOptions{StartAfter: "a"}); err != nil {
			t.Fatal(err)
		}
		// A list of nothing does not tell the kind of the account, which a second request asks for.
		if got := srv.Seen()[0].URL.Query().Get("startFrom"); got != want {
			t.Errorf("version %q: startFrom=%q, want %q", version, got, want)
		}
	}
}

func FuzzListToken(f *testing.F) {
	f.Add("e30")
	f.Add("eyJ3IjpbeyJmIjoiYSJ9XX0")
	f.Fuzz(func(t *testing.T, token string) {
		l, err := newListing(&storage.ListOptions{PageToken: token})
		if err != nil || token == "" {
			return
		}
		l.take([]*entry{{Object: storage.Object{Key: "a\U0001f600"}}}, "")
		l.token()
	})
}

// What the service is asked to begin at is text, and not behind what is wanted.
func TestStartFrom(t *testing.T) {
	for from, want := range map[string]string{
		"": "", "a": "a", "a\uffff": "a\ufffd", "a\ufffe": "a\ufffd", "a\uffffb": "a\ufffd",
		"a\x00": "a", "a\x00b": "a", "\x00": "", "a\nb": "a\nb",
		"\U0001f600\uffff": "\U0001f600\ufffd", "a\x01\uffff": "a",
	} {
		if got := (segment{From: from}).startFrom(); got != want || before(from, got) {
			t.Errorf("startFrom of %q = %q, want %q", from, got, want)
		}
	}
}
