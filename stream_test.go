package storage_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// cuts truncates a file.
func cuts(f *os.File, size int64) fault.Hook {
	return func(context.Context, storage.FullStore, fault.Call) error { return f.Truncate(size) }
}

// limited is a Store whose service takes other parts.
type limited struct {
	storage.FullStore
	limits storage.PartLimits
}

func (l limited) PartLimits(*storage.PutOptions) storage.PartLimits { return l.limits }

// plain is a Store without any optional capability.
type plain struct{ storage.Store }

func newMemory(t *testing.T) *memory.Store {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// temporary makes an empty directory that temporary files go to, and notes those that are there in
// the end.
func temporary(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("temporary files are left behind: %v, %v", left, err)
		}
	})
}

// sizes are those of the parts that were sent, in units of partSize, in the order of their offsets.
func sizes(s *fault.Store, total int64) []int64 {
	var at, units []int64
	for _, c := range s.Calls("PutPart") {
		at = append(at, c.Options.(storage.PartOptions).Offset)
	}
	for i := range at {
		end := total
		if i+1 < len(at) {
			end = at[i+1]
		}
		units = append(units, (end-at[i]+partSize-1)/partSize)
	}
	return units
}

// TestPartsGrow streams into a service that takes ten parts: they double in the second half.
func TestPartsGrow(t *testing.T) {
	temporary(t)
	parallel := storage.PartLimits{Min: 1, Max: 1 << 30, Count: 10, Parallel: true}
	small := parallel
	small.Max = 4 * partSize
	equal := parallel
	equal.Equal = true
	for name, c := range map[string]struct {
		limits storage.PartLimits
		size   int64
		want   []int64
		err    error
	}{
		"two":         {parallel, partSize + 1, []int64{1, 1}, nil},
		"six":         {parallel, 6 * partSize, []int64{1, 1, 1, 1, 1, 1}, nil},
		"seven":       {parallel, 7*partSize + 5, []int64{1, 1, 1, 1, 1, 1, 2}, nil},
		"all":         {parallel, 36 * partSize, []int64{1, 1, 1, 1, 1, 1, 2, 4, 8, 16}, nil},
		"too many":    {parallel, 36*partSize + 1, nil, storage.ErrInvalid},
		"up to Max":   {small, 20 * partSize, []int64{1, 1, 1, 1, 1, 1, 2, 4, 4, 4}, nil},
		"equal":       {equal, 10 * partSize, []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, nil},
		"equal, more": {equal, 10*partSize + 1, nil, storage.ErrInvalid},
		"a large Min": {storage.PartLimits{Min: 3 * partSize, Max: 1 << 30, Count: 10},
			7 * partSize, []int64{3, 3, 1}, nil},
		"a Multiple": {storage.PartLimits{Min: 1, Multiple: 2 * partSize, Max: 1 << 30,
			Count: 10}, 5 * partSize, []int64{2, 2, 1}, nil},
		"a small Max": {storage.PartLimits{Min: 1, Max: partSize / 2, Count: 10}, partSize,
			[]int64{1, 1}, nil},
		"no multipart": {storage.PartLimits{}, 5*partSize + 3, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := fault.New(limited{newMemory(t), c.limits})
			b := storage.New(s, &storage.Options{PartSize: partSize, Concurrency: 1})
			defer b.Close()
			data := bytesOf(int(c.size))
			_, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)}, nil)
			if c.err != nil {
				if !errors.Is(err, c.err) {
					t.Errorf("Put = %v, want %v", err, c.err)
				}
				if page, err := s.ListUploadsPage(t.Context(),
					&storage.ListOptions{}); err != nil || len(page.Uploads) > 0 {
					t.Errorf("uploads are left behind: %v, %v", page, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, sizes(s, c.size)); d != "" && c.limits.Max != partSize/2 {
				t.Errorf("parts, in units of the part size (-want +got):\n%s", d)
			}
			got, err := b.ReadAll(t.Context(), "k", nil)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("ReadAll = %d bytes, %v, want the %d that were written", len(got), err,
					len(data))
			}
		})
	}
}

// TestSections cuts a source of known size so that the parts are enough.
func TestSections(t *testing.T) {
	for name, c := range map[string]struct {
		limits storage.PartLimits
		size   int64
		want   []int64
		err    error
	}{
		"two": {storage.PartLimits{Min: 1, Max: 1 << 30, Count: 10}, partSize + 1,
			[]int64{1, 1}, nil},
		"ten": {storage.PartLimits{Min: 1, Max: 1 << 30, Count: 10}, 10 * partSize,
			[]int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, nil},
		"larger": {storage.PartLimits{Min: 1, Max: 1 << 30, Count: 4}, 12 * partSize,
			[]int64{3, 3, 3, 3}, nil},
		"too large": {storage.PartLimits{Min: 1, Max: 2 * partSize, Count: 4}, 8*partSize + 1, nil,
			storage.ErrInvalid},
		"MaxObject": {storage.PartLimits{Min: 1, Max: 1 << 30, Count: 4, MaxObject: partSize},
			partSize + 1, nil, storage.ErrInvalid},
		"a Multiple": {storage.PartLimits{Min: 1, Max: 1 << 30, Multiple: 2 * partSize, Count: 4},
			5 * partSize, []int64{2, 2, 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := fault.New(limited{newMemory(t), c.limits})
			b := storage.New(s, &storage.Options{PartSize: partSize})
			defer b.Close()
			data := bytesOf(int(c.size))
			_, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil)
			if !errors.Is(err, c.err) {
				t.Fatalf("Put = %v, want %v", err, c.err)
			}
			if d := cmp.Diff(c.want, sizes(s, c.size)); d != "" {
				t.Errorf("parts, in units of the part size (-want +got):\n%s", d)
			}
		})
	}
}

// TestWithoutMultipart streams into a Store that has nothing but the five methods: through a
// temporary file, by one Put.
func TestWithoutMultipart(t *testing.T) {
	temporary(t)
	m := newMemory(t)
	s := fault.New(plain{m})
	b := storage.New(s, &storage.Options{PartSize: partSize,
		Retry: storage.RetryOptions{MinDelay: 1}})
	defer b.Close()
	data := bytesOf(5*partSize + 3)
	s.Next("Put", fault.Unsent()) // it can be read again
	if _, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || !bytes.Equal(got, data) {
		t.Errorf("ReadAll = %d bytes, %v, want the %d that were written", len(got), err, len(data))
	}
	if n := s.Count("Put"); n != 2 {
		t.Errorf("%d Puts, want 2", n)
	}
	if _, err := b.Copy(t.Context(), "copy", "k", nil); err != nil {
		t.Errorf("Copy: %v", err)
	}
	broken := errors.New("broken")
	_, err := b.Put(t.Context(), "k2", onlyReader{&failing{bytes.NewReader(data), broken}}, nil)
	if !errors.Is(err, broken) {
		t.Errorf("Put of a source that fails: %v, want %v", err, broken)
	}
	w := b.NewWriter(t.Context(), "k3", nil)
	if _, err := w.Write(data); err != nil {
		t.Error(err)
	}
	w.Close()
	for _, key := range []string{"k2", "k3"} {
		if ok, err := b.Exists(t.Context(), key); ok || err != nil {
			t.Errorf("%s exists: %v, %v", key, ok, err)
		}
	}
}

// failing is a source that fails at its end.
type failing struct {
	*bytes.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.Len() == 0 {
		return 0, f.err
	}
	return f.Reader.Read(p)
}

// TestMemoryIsGivenBack streams with and without faults through a budget of one part beside the
// Writer's own.
func TestMemoryIsGivenBack(t *testing.T) {
	s := fault.New(newMemory(t))
	b := storage.New(s, &storage.Options{PartSize: partSize, Memory: partSize,
		Retry: storage.RetryOptions{MinDelay: 1}})
	defer b.Close()
	data := bytesOf(6 * partSize)
	for range 3 {
		s.Reset()
		s.Next("PutPart", fault.None(), fault.Unsent(), fault.None(),
			fault.Refuse(&storage.Error{Kind: storage.ErrPermission}))
		if _, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)},
			nil); !errors.Is(err, storage.ErrPermission) {
			t.Errorf("Put: %v, want %v", err, storage.ErrPermission)
		}
		if _, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)}, nil); err != nil {
			t.Error(err)
		}
		got, err := b.ReadAll(t.Context(), "k", &storage.GetOptions{Concurrency: 4})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("ReadAll = %d bytes, %v", len(got), err)
		}
		rd, err := b.Get(t.Context(), "k", &storage.GetOptions{Concurrency: 4})
		if err != nil {
			t.Fatal(err)
		}
		rd.Read(make([]byte, 10))
		rd.Close()
		if free := storage.FreeMemory(b); free != partSize {
			t.Errorf("%d bytes of the budget are free, want %d", free, partSize)
		}
	}
}
