package storage_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

const partSize = 64 << 10

// newBucket is a Bucket on memory with small parts, and the Store between them that notes the
// calls.
func newBucket(t *testing.T, opts storage.Options) (*storage.Bucket, *fault.Store) {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := fault.New(m)
	if opts.PartSize == 0 {
		opts.PartSize = partSize
	}
	b := storage.New(s, &opts)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return b, s
}

// bytesOf is n bytes that are not alike.
func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*i>>8) ^ byte(i)
	}
	return b
}

// onlyReader hides everything but Read.
type onlyReader struct{ io.Reader }

// shouting embeds a type that Put looks into, and reads quite differently.
type shouting struct{ *bytes.Reader }

func (s shouting) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// shoutingFile does the same to a file.
type shoutingFile struct{ *os.File }

func (s shoutingFile) Read(p []byte) (int, error) {
	n, err := s.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

func tempFile(t *testing.T, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestSources puts what every source has from its current offset on, small and in parts, and finds
// it at its end afterwards.
func TestSources(t *testing.T) {
	for _, size := range []int{0, 1, 1000, partSize, partSize + 1, 3*partSize + 7} {
		data := bytes.Repeat([]byte("abcdefgh"), size/8+1)[:size]
		skip := min(size, 5)
		for name, open := range map[string]func() (r io.Reader, want []byte){
			"bytes.Reader": func() (io.Reader, []byte) { return bytes.NewReader(data), data },
			"bytes.Reader, moved": func() (io.Reader, []byte) {
				r := bytes.NewReader(data)
				r.Seek(int64(skip), io.SeekStart)
				return r, data[skip:]
			},
			"bytes.Reader, behind its end": func() (io.Reader, []byte) {
				r := bytes.NewReader(data)
				r.Seek(int64(size)+100, io.SeekStart)
				return r, nil
			},
			"strings.Reader": func() (io.Reader, []byte) {
				r := strings.NewReader(string(data))
				r.Seek(int64(skip), io.SeekStart)
				return r, data[skip:]
			},
			"bytes.Buffer": func() (io.Reader, []byte) {
				r := bytes.NewBuffer(bytes.Clone(data))
				r.Next(skip)
				return r, data[skip:]
			},
			"io.SectionReader": func() (io.Reader, []byte) {
				r := io.NewSectionReader(bytes.NewReader(append([]byte("before"), data...)), 6,
					int64(size))
				r.Seek(int64(skip), io.SeekStart)
				return r, data[skip:]
			},
			"os.File": func() (io.Reader, []byte) {
				f := tempFile(t, data)
				f.Seek(int64(skip), io.SeekStart)
				return f, data[skip:]
			},
			"a type around bytes.Reader": func() (io.Reader, []byte) {
				return shouting{bytes.NewReader(data)}, bytes.ToUpper(data)
			},
			"a type around os.File": func() (io.Reader, []byte) {
				return shoutingFile{tempFile(t, data)}, bytes.ToUpper(data)
			},
			"stream": func() (io.Reader, []byte) {
				return onlyReader{bytes.NewReader(data)}, data
			},
			"half reads": func() (io.Reader, []byte) {
				return iotest.HalfReader(bytes.NewReader(data)), data
			},
			"data with its end": func() (io.Reader, []byte) {
				return iotest.DataErrReader(bytes.NewReader(data)), data
			},
		} {
			b, _ := newBucket(t, storage.Options{})
			r, want := open()
			o, err := b.Put(t.Context(), "k", r, nil)
			if err != nil {
				t.Errorf("%s of %d bytes: %v", name, size, err)
				continue
			}
			got, err := b.ReadAll(t.Context(), "k", nil)
			if err != nil || !bytes.Equal(got, want) || o.Size != int64(len(want)) {
				t.Errorf("%s of %d bytes: %d bytes came back, Size %d, %v, want %d", name, size,
					len(got), o.Size, err, len(want))
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("%s of %d bytes: a Read afterwards gives %d bytes, %v, want its end", name,
					size, n, err)
			}
		}
	}
}

func TestSourceOfProc(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	f, err := os.Open("/proc/self/status") // it says that it is empty
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, _ := newBucket(t, storage.Options{})
	if _, err := b.Put(t.Context(), "k", f, nil); err != nil {
		t.Fatal(err)
	}
	got, err := b.ReadAll(t.Context(), "k", nil)
	if err != nil || !bytes.Contains(got, []byte("Pid:")) {
		t.Errorf("ReadAll = %d bytes, %v, want the process's status", len(got), err)
	}
}

func TestSourceDirectory(t *testing.T) {
	b, _ := newBucket(t, storage.Options{})
	if _, err := b.UploadFile(t.Context(), "k", t.TempDir(),
		nil); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("UploadFile of a directory: %v, want %v", err, storage.ErrInvalid)
	}
	var pe *os.PathError
	_, err := b.UploadFile(t.Context(), "k", filepath.Join(t.TempDir(), "none"), nil)
	if !errors.As(err, &pe) || errors.Is(err, storage.ErrNotExist) {
		t.Errorf("UploadFile of a missing file: %v; want an *os.PathError and no kind", err)
	}
}

// TestSourceShrinks cuts the file when the first request is about to be made.
func TestSourceShrinks(t *testing.T) {
	for _, size := range []int{1000, 3 * partSize} {
		b, s := newBucket(t, storage.Options{Concurrency: 1})
		f := tempFile(t, bytesOf(size))
		cut := fault.None().Before(cuts(f, int64(size-1)))
		s.Next("Put", cut)
		s.Next("PutPart", cut)
		if _, err := b.Put(t.Context(), "k", f, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Put of a file of %d bytes that shrinks: %v, want %v", size, err,
				io.ErrUnexpectedEOF)
		}
		if ok, err := b.Exists(t.Context(), "k"); ok || err != nil {
			t.Errorf("the object exists: %v, %v", ok, err)
		}
	}
}

// TestSourceNotConsumed finds a source where it was after a failure.
func TestSourceNotConsumed(t *testing.T) {
	b, s := newBucket(t, storage.Options{})
	r := bytes.NewReader([]byte("data"))
	s.Next("Put", fault.Refuse(&storage.Error{Kind: storage.ErrPermission}))
	if _, err := b.Put(t.Context(), "k", r, nil); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Put: %v, want %v", err, storage.ErrPermission)
	}
	if r.Len() != 4 {
		t.Errorf("%d bytes are left after a Put that failed, want 4", r.Len())
	}
}

// TestStrangeSources are readers that break io.Reader's rules.
func TestStrangeSources(t *testing.T) {
	b, s := newBucket(t, storage.Options{})
	for name, c := range map[string]struct {
		r    io.Reader
		want error
	}{
		"nothing, for ever": {readerFunc(func([]byte) (int, error) { return 0, nil }),
			io.ErrNoProgress},
		"more than asked": {readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }),
			nil},
		"less than nothing": {readerFunc(func([]byte) (int, error) { return -1, nil }), nil},
		"nil":               {nil, storage.ErrInvalid},
		"a wrapped EOF":     {iotest.ErrReader(errorAround{io.EOF}), io.EOF},
	} {
		_, err := b.Put(t.Context(), "k", c.r, nil)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if n := s.Count(); n != 0 {
		t.Errorf("%d requests were made, want none", n)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type errorAround struct{ error }

func (e errorAround) Unwrap() error { return e.error }
