package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/providers/memory"
)

// stuck gives some bytes, and then nothing until it is let go, whatever context there is.
type stuck struct {
	data    []byte
	free    chan struct{}
	blocked chan struct{} // holds one once a Read waits
	at      int
}

func newStuck(n int) *stuck {
	return &stuck{
		data: bytesOf(n), free: make(chan struct{}), blocked: make(chan struct{}, 1),
	}
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.at == len(s.data) {
		select {
		case s.blocked <- struct{}{}:
		default:
		}
		<-s.free
		return 0, io.EOF
	}
	n := copy(p, s.data[s.at:])
	s.at += n
	return n, nil
}

func (s *stuck) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(s.data)) {
		<-s.free
		return 0, io.ErrUnexpectedEOF
	}
	return copy(p, s.data[off:]), nil
}

// TestBlockedSource ends the context of a write whose source gives no byte.
func TestBlockedSource(t *testing.T) {
	for name, put := range map[string]func(context.Context, *storage.Bucket, *stuck) error{
		"Put": func(ctx context.Context, b *storage.Bucket, s *stuck) error {
			_, err := b.Put(ctx, "k", onlyReader{s}, nil)
			return err
		},
		"PutReaderAt": func(ctx context.Context, b *storage.Bucket, s *stuck) error {
			_, err := b.PutReaderAt(ctx, "k", s, int64(len(s.data))+1, nil)
			return err
		},
		"Put of a section": func(ctx context.Context, b *storage.Bucket, s *stuck) error {
			_, err := b.Put(ctx, "k", io.NewSectionReader(s, 0, int64(len(s.data))+1), nil)
			return err
		},
		"PutReaderAt with a checksum": func(
			ctx context.Context, b *storage.Bucket, s *stuck,
		) error {
			opts := &storage.PutOptions{Checksums: storage.Checksums{MD5: make([]byte, 16)}}
			_, err := b.PutReaderAt(ctx, "k", s, int64(len(s.data))+1, opts)
			return err
		},
		"ReadFrom": func(ctx context.Context, b *storage.Bucket, s *stuck) error {
			w := b.NewWriter(ctx, "k", nil)
			defer w.Close()
			_, err := w.ReadFrom(s)
			return err
		},
	} {
		for _, size := range []int{0, 1, 1000, partSize, 3*partSize + 1} {
			synctest.Test(t, func(t *testing.T) {
				m, _ := memory.New(nil)
				b := storage.New(m, &storage.Options{PartSize: partSize, StallTimeout: -1})
				defer b.Close()
				if err := must(b.WriteAll(t.Context(), "k", []byte("old"), nil)); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				s := newStuck(size)
				start := time.Now()
				err := put(ctx, b, s)
				took := time.Since(start)
				if !errors.Is(err, context.DeadlineExceeded) || took < time.Second ||
					took > 6*time.Second {
					t.Errorf("%s of %d bytes: %v after %v, want %v within 5s of it", name, size,
						err, took, context.DeadlineExceeded)
				}
				close(s.free)
				synctest.Wait()
				if got, err := b.ReadAll(t.Context(), "k", nil); string(got) != "old" {
					t.Errorf("%s of %d bytes: there is %d bytes, %v", name, size, len(got), err)
				}
				page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) > 0 {
					t.Errorf("%s of %d bytes: %d uploads, %v", name, size, len(page.Uploads), err)
				}
			})
		}
	}
}

func must(_ *storage.Object, err error) error { return err }

// TestBlockedSourceClosed closes the Bucket, or the Writer, under a source that blocks. (Not in a
// synctest bubble: Close of a Writer waits for a mutex.)
func TestBlockedSourceClosed(t *testing.T) {
	clock := calmclock.Start()
	defer clock.Close()
	for _, bucket := range []bool{true, false} {
		m, _ := memory.New(nil)
		b := storage.New(m, &storage.Options{AbortTimeout: 400 * time.Millisecond})
		defer b.Close()
		s := newStuck(10)
		defer close(s.free)
		w := b.NewWriter(t.Context(), "k", nil)
		defer w.Close()
		start := clock.Now()
		go func() {
			<-s.blocked
			if bucket {
				b.Close()
			} else {
				w.Close()
			}
		}()
		_, err := w.ReadFrom(s)
		if took := clock.Now() - start; !errors.Is(err, storage.ErrClosed) || took > 5*time.Second {
			t.Errorf("ReadFrom: %v after %v", err, took)
		}
	}
}

// TestBlockedPipe reads from a pipe of the operating system, whose waits are by its own clock.
func TestBlockedPipe(t *testing.T) {
	m, _ := memory.New(nil)
	b := storage.New(m, &storage.Options{AbortTimeout: 400 * time.Millisecond})
	defer b.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close() // which lets the Read go
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	clock := calmclock.Start()
	defer clock.Close()
	_, err = b.Put(ctx, "k", r, nil)
	if took := clock.Now(); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("Put of a pipe: %v after %v", err, took)
	}
}

// TestAbandonedBuffer lets a source write into the buffer that it was given long after it was
// abandoned: nobody else has it.
func TestAbandonedBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := memory.New(nil)
		b := storage.New(m, &storage.Options{PartSize: partSize})
		defer b.Close()
		for i := range 8 {
			free, taken := make(chan struct{}), false
			late := readerFunc(func(p []byte) (int, error) {
				if !taken { // a whole part first, so that buffers are pooled
					taken = len(p) < partSize
					return len(p), nil
				}
				<-free
				clear(p)
				return len(p), nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := must(b.Put(ctx, "late", late, nil)); err == nil {
				t.Error("Put of a source that blocks succeeded")
			}
			cancel()
			data := bytesOf(4*partSize + i)
			wait := make(chan struct{})
			src := io.MultiReader(bytes.NewReader(data[:3*partSize]),
				readerFunc(func([]byte) (int, error) { close(free); <-wait; return 0, io.EOF }),
				bytes.NewReader(data[3*partSize:]))
			time.AfterFunc(time.Second, func() { close(wait) })
			if err := must(b.Put(t.Context(), "k", onlyReader{src}, nil)); err != nil {
				t.Fatal(err)
			}
			got, err := b.ReadAll(t.Context(), "k", nil)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("ReadAll = %d bytes, %v; others than the %d written", len(got), err,
					len(data))
			}
		}
	})
}

type atFunc func([]byte, int64) (int, error)

func (f atFunc) ReadAt(p []byte, off int64) (int, error)  { return f(p, off) }
func (f atFunc) WriteAt(p []byte, off int64) (int, error) { return f(p, off) }

// TestRaised lets code of the caller's panic, or end its goroutine, wherever a Bucket calls it: the
// caller's goroutine is the one that sees it, and nothing is left.
func TestRaised(t *testing.T) {
	data := bytesOf(5 * partSize)
	calls := map[string]func(b *storage.Bucket, fail func()) error{
		"a source": func(b *storage.Bucket, fail func()) error {
			r := io.MultiReader(bytes.NewReader(data),
				readerFunc(func([]byte) (int, error) { fail(); return 0, io.EOF }))
			return must(b.Put(context.Background(), "k", r, nil))
		},
		"a source of known size": func(b *storage.Bucket, fail func()) error {
			r := atFunc(func([]byte, int64) (int, error) { fail(); return 0, io.EOF })
			return must(b.PutReaderAt(context.Background(), "k", r, 10, nil))
		},
		"a source in parts": func(b *storage.Bucket, fail func()) error {
			r := atFunc(func([]byte, int64) (int, error) { fail(); return 0, io.EOF })
			return must(b.PutReaderAt(context.Background(), "k", r, 5*partSize, nil))
		},
		"a target": func(b *storage.Bucket, fail func()) error {
			w := atFunc(func(p []byte, _ int64) (int, error) { fail(); return len(p), nil })
			return must(b.Download(context.Background(), "old", w, nil))
		},
		"Progress of a stream": func(b *storage.Bucket, fail func()) error {
			return must(b.Put(context.Background(), "k", onlyReader{bytes.NewReader(data)},
				&storage.PutOptions{Progress: func(storage.Progress) { fail() }}))
		},
		"Progress of sections": func(b *storage.Bucket, fail func()) error {
			return must(b.Put(context.Background(), "k", bytes.NewReader(data),
				&storage.PutOptions{Progress: func(storage.Progress) { fail() }}))
		},
		"Progress of a Writer": func(b *storage.Bucket, fail func()) error {
			w := b.NewWriter(context.Background(), "k",
				&storage.PutOptions{Progress: func(storage.Progress) { fail() }})
			defer w.Close()
			if _, err := w.Write(data); err != nil {
				return err
			}
			return must(w.Commit())
		},
	}
	for name, call := range calls {
		for _, how := range []string{"panic", "Goexit"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				m, _ := memory.New(nil)
				b := storage.New(m, &storage.Options{PartSize: partSize})
				defer b.Close()
				if err := must(b.WriteAll(t.Context(), "old", data, nil)); err != nil {
					t.Fatal(err)
				}
				fail := func() { panic(io.ErrNoProgress) }
				if how == "Goexit" {
					fail = runtime.Goexit
				}
				done := make(chan any)
				go func() {
					came := any("ended")
					defer func() {
						if v := recover(); v != nil {
							came = v
						}
						done <- came
					}()
					came = call(b, fail)
				}()
				want := any("ended")
				if how == "panic" {
					want = io.ErrNoProgress
				}
				if got := <-done; got != want {
					t.Errorf("the caller got %v, want %v", got, want)
				}
				page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) > 0 {
					t.Errorf("%d uploads are left, %v", len(page.Uploads), err)
				}
				if n := storage.FreeMemory(b); n != 128<<20 {
					t.Errorf("%d bytes of the memory budget are left", n)
				}
			})
		}
	}
}
