package driver

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

func TestPayload(t *testing.T) {
	content := []byte("0123456789")
	p, err := NewPayload(bytes.NewReader(content), 10)
	if err != nil {
		t.Fatal(err)
	}
	if p.Whole() {
		t.Error("whole before a byte was read")
	}
	if err := iotest.TestReader(p, content); err != nil {
		t.Error(err)
	}
	for _, step := range []struct {
		offset int64
		read   int
		whole  bool
	}{{0, 9, false}, {9, 1, true}, {5, 0, true}, {0, 0, false}, {0, 10, true}, {0, 3, false}} {
		if _, err := p.Seek(step.offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(p, make([]byte, step.read)); err != nil {
			t.Fatal(err)
		}
		if got := p.Whole(); got != step.whole {
			t.Errorf("%d bytes from %d: Whole = %v", step.read, step.offset, got)
		}
	}
	for _, offset := range []int64{-1, 11} {
		if _, err := p.Seek(offset, io.SeekStart); err == nil {
			t.Errorf("Seek(%d) is no error", offset)
		}
	}
	if err := p.Failure(); err != nil {
		t.Errorf("Failure = %v", err)
	}
}

func TestSection(t *testing.T) {
	s, err := NewSource(strings.NewReader("0123456789"), 10)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Section(3, 7)
	if err := iotest.TestReader(p, []byte("3456")); err != nil {
		t.Error(err)
	}
	if end, err := p.Seek(0, io.SeekEnd); end != 4 || err != nil || p.Size() != 4 {
		t.Errorf("Seek to the end = %d, %v; Size = %d", end, err, p.Size())
	}
	if empty := s.Section(5, 5); !empty.Whole() {
		t.Error("an empty body is not whole before it was asked for")
	}
}

func TestWrongSize(t *testing.T) {
	for size, want := range map[int64]error{4: storage.ErrInvalid, 6: io.ErrUnexpectedEOF} {
		if _, err := NewPayload(strings.NewReader("12345"), size); !errors.Is(err, want) {
			t.Errorf("5 bytes as %d: %v, want %v", size, err, want)
		}
	}
}

// faulty is a source of size bytes that gives what ends says of each Read.
type faulty struct {
	size int64
	ends func(p []byte) (int, error)
}

func (f faulty) Read(p []byte) (int, error) { return f.ends(p) }

func (f faulty) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return f.size, nil
	}
	return offset, nil
}

func TestFailure(t *testing.T) {
	broken := errors.New("disk on fire")
	tests := []struct {
		name  string
		ends  func(p []byte) (int, error)
		want  error
		whole bool
	}{
		{"broken", func(p []byte) (int, error) { return 1, broken }, broken, false},
		{"shrunk", func(p []byte) (int, error) { return 0, io.EOF }, io.ErrUnexpectedEOF, false},
		// It did give all.
		{"shrunk by and by", func(p []byte) (int, error) { return 1, io.EOF }, nil, true},
		{"broken behind the last byte", func(p []byte) (int, error) { return len(p), broken }, nil,
			true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := NewPayload(faulty{4, test.ends}, 4)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, p); err != test.want {
				t.Errorf("read: %v, want %v", err, test.want)
			}
			if err := p.Failure(); err != test.want {
				t.Errorf("Failure = %v, want %v", err, test.want)
			}
			if p.Whole() != test.whole {
				t.Errorf("Whole = %v", p.Whole())
			}
		})
	}
}

// A transport reads on in the body of an attempt that has ended while the next one begins: each
// gets its own bytes.
func TestPayloadsAtOnce(t *testing.T) {
	content := make([]byte, 1<<16)
	for i := range content {
		content[i] = byte(i * 7)
	}
	s, err := NewSource(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	shared := s.Section(0, int64(len(content)))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			from, to := i*1000, len(content)-i*1000
			var got bytes.Buffer
			section := struct{ io.Reader }{s.Section(int64(from), int64(to))}
			_, err := io.CopyBuffer(&got, section, make([]byte, 777))
			if err != nil || !bytes.Equal(got.Bytes(), content[from:to]) {
				t.Errorf("section %d: %d bytes, %v", i, got.Len(), err)
			}
		})
		wg.Go(func() {
			io.Copy(io.Discard, io.LimitReader(shared, 5000))
			shared.Seek(0, io.SeekStart)
			shared.Whole()
			shared.Failure()
		})
	}
	wg.Wait()
}
