package extremes

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/memory"
)

// The largest object of each service goes up in parts that obey its rules. One byte more is
// refused before anything is sent.
func TestLargestObject(t *testing.T) {
	for l, name := range rules(t) {
		t.Run(name, func(t *testing.T) {
			size := l.MaxObject
			if size == 0 {
				size = l.Max * int64(l.Count)
			}
			s := newCounting(t, l)
			b := storage.New(s, nil)
			defer b.Close()
			o, err := b.PutReaderAt(t.Context(), "k", unread{}, size, nil)
			if err != nil {
				t.Fatalf("%d bytes, rules %+v: %v", size, l, err)
			}
			t.Logf("%d bytes in %d parts", size, len(s.sizes))
			if o.Size != size || s.whole != size || s.begun != 1 || s.made != 1 {
				t.Errorf("the object has %d bytes, by what was sent %d, want %d; %d uploads, %d "+
					"completions", o.Size, s.whole, size, s.begun, s.made)
			}
			if s.wrongParts > 0 {
				t.Errorf("%d parts break a rule of %+v, the first is %d", s.wrongParts, l,
					s.firstWrong)
			}
			s = newCounting(t, l)
			b = storage.New(s, nil)
			defer b.Close()
			_, err = b.PutReaderAt(t.Context(), "k", unread{}, size+1, nil)
			if !errors.Is(err, storage.ErrInvalid) || s.begun > 0 {
				t.Errorf("a byte more: %v, %d uploads; want %v and none", err, s.begun,
					storage.ErrInvalid)
			}
		})
	}
}

// zeros is a stream without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A stream fills ten thousand parts to the last byte, whose sizes grow. One byte more, or no end at
// all, is refused, and the upload goes.
func TestLongestStream(t *testing.T) {
	l := storage.PartLimits{Min: 1 << 10, Max: 16 << 10, Count: 10_000, Parallel: true}
	put := func(r io.Reader) (*counting, error) {
		s := newCounting(t, l)
		b := storage.New(s, &storage.Options{PartSize: 1 << 10})
		defer b.Close()
		_, err := b.Put(t.Context(), "k", r, nil)
		return s, err
	}
	endless, err := put(zeros{})
	if !errors.Is(err, storage.ErrInvalid) || endless.made > 0 || endless.dropped != 1 {
		t.Fatalf("without an end: %v, %d completions, %d uploads were dropped; want %v, none and 1",
			err, endless.made, endless.dropped, storage.ErrInvalid)
	}
	var most int64
	for _, n := range endless.sizes {
		most += n
	}
	if len(endless.sizes) > l.Count || most < 20<<20 {
		t.Errorf("it came to %d bytes in %d parts", most, len(endless.sizes))
	}
	whole, err := put(io.LimitReader(zeros{}, most))
	if err != nil || whole.whole != most || len(whole.sizes) != l.Count || whole.wrongParts > 0 {
		t.Errorf("%d bytes: %v, %d in %d parts, of which %d break a rule; want all in %d", most,
			err, whole.whole, len(whole.sizes), whole.wrongParts, l.Count)
	}
	if more, err := put(io.LimitReader(zeros{}, most+1)); !errors.Is(err, storage.ErrInvalid) ||
		more.made > 0 {
		t.Errorf("%d bytes: %v, %d completions, want %v", most+1, err, more.made,
			storage.ErrInvalid)
	}
}

// Ten thousand parts are an object, of a source that can be read at any place and of a stream.
func TestTenThousandParts(t *testing.T) {
	const parts, size = 10_000, 100
	for name, store := range map[string]struct {
		open     func() (storage.Store, error)
		streamed int // parts of a stream, which grow in the second half of the Store's count
	}{
		"memory": {func() (storage.Store, error) { return memory.New(nil) }, 7_082},
		"file":   {func() (storage.Store, error) { return file.New(t.TempDir(), nil) }, 2 * parts},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.open()
			if err != nil {
				t.Fatal(err)
			}
			counted := fault.New(s)
			b := storage.New(counted, &storage.Options{PartSize: size})
			defer b.Close()
			data := make([]byte, parts*size-1)
			for i := range data {
				data[i] = byte(i / size * 7)
			}
			for what, r := range map[string]io.Reader{
				"sections": bytes.NewReader(data), "stream": io.MultiReader(bytes.NewReader(data)),
			} {
				opts, want := &storage.PutOptions{IfAbsent: true}, parts
				if what == "stream" {
					opts.PartSize, want = size/2, store.streamed
				}
				counted.Reset()
				if _, err := b.Put(t.Context(), what, r, opts); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if n := counted.Count("PutPart"); n != want {
					t.Errorf("%s: %d parts, want %d", what, n, want)
				}
				got, err := b.ReadAll(t.Context(), what, &storage.GetOptions{Concurrency: 1})
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: %d bytes, %v; want the %d that were written", what, len(got), err,
						len(data))
				}
			}
		})
	}
}
