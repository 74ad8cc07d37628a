//go:build unix

package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

func downloads(t *testing.T) (*storage.Bucket, []byte) {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(m, &storage.Options{PartSize: 64 << 10})
	t.Cleanup(func() { b.Close() })
	data := bytes.Repeat([]byte("0123456789abcdef"), 32<<10)
	for key, content := range map[string][]byte{"k": data, "empty": nil} {
		if _, err := b.WriteAll(t.Context(), key, content, nil); err != nil {
			t.Fatal(err)
		}
	}
	return b, data
}

// A new file has what the umask leaves of 0666, another the permissions of the one that was there.
func TestDownloadFileMode(t *testing.T) {
	b, _ := downloads(t)
	for umask, want := range map[int]os.FileMode{0o077: 0o600, 0o002: 0o664, 0o027: 0o640} {
		old := syscall.Umask(umask)
		path := filepath.Join(t.TempDir(), "f")
		for _, mode := range []os.FileMode{want, 0o604, 0o400} {
			if _, err := b.DownloadFile(t.Context(), "k", path, nil); err != nil {
				t.Error(err)
			}
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
				t.Errorf("umask %03o: %v, %v, want %v", umask, fi.Mode(), err, want)
			}
			want = mode
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		syscall.Umask(old)
	}
}

// A pipe and a device are written into, in order, and stay what they are.
func TestDownloadFileIntoPipe(t *testing.T) {
	b, data := downloads(t)
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	for key, want := range map[string][]byte{"k": data, "empty": nil} {
		var wg sync.WaitGroup
		wg.Go(func() {
			f, err := os.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes through the pipe, %v", key, len(got), err)
			}
		})
		o, err := b.DownloadFile(t.Context(), key, path, &storage.GetOptions{Concurrency: 4})
		if err != nil || o.Size != int64(len(want)) {
			t.Errorf("%s: %v, %v", key, o, err)
		}
		wg.Wait()
	}
	_, err := b.DownloadFile(t.Context(), "none", path, nil)
	if !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("a missing object: %v", err) // without waiting for a reader
	}
	if fi, err := os.Lstat(path); err != nil || fi.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v, %v", fi.Mode(), err)
	}
	if _, err := b.DownloadFile(t.Context(), "k", os.DevNull, nil); err != nil {
		t.Error(err)
	}
	if fi, err := os.Lstat(os.DevNull); err != nil || fi.Mode()&os.ModeDevice == 0 {
		t.Fatalf("%s is %v, %v", os.DevNull, fi.Mode(), err)
	}
}

// A pipe that nobody reads, or reads on, is waited for until the context ends. It is the system's,
// whose waits are by its own clock.
func TestDownloadFileIntoUnreadPipe(t *testing.T) {
	b, _ := downloads(t)
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	try := func(what string) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := b.DownloadFile(ctx, "k", path, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	try("nobody reads")
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	try("nobody reads on")
}

// cue is a Store that tells when a body has given bytes.
type cue struct {
	storage.FullStore
	given chan struct{}
}

func (s *cue) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	res, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		res.Body = &cueBody{ReadCloser: res.Body, s: s}
	}
	return res, err
}

type cueBody struct {
	io.ReadCloser
	s    *cue
	once sync.Once
}

func (b *cueBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.once.Do(func() { close(b.s.given) })
	return n, err
}

// A pipe that nobody reads, or reads on, is waited for until the Bucket is closed.
func TestCloseUnderUnreadPipe(t *testing.T) {
	for _, opened := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
		s := &cue{newMemory(t), make(chan struct{})}
		b := storage.New(s, nil)
		if err := must(b.WriteAll(t.Context(), "k", make([]byte, mib), nil)); err != nil {
			t.Fatal(err)
		}
		if opened {
			f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		done := make(chan error)
		go func() {
			_, err := b.DownloadFile(ctx, "k", path, nil)
			done <- err
		}()
		<-s.given // which fill the pipe
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, storage.ErrClosed) {
			t.Errorf("DownloadFile, its Bucket closed, the pipe opened %t: %v, want %v", opened, err,
				storage.ErrClosed)
		}
	}
}

// Nothing is in doubt of a target that cannot be opened, also where there are no bytes for it.
func TestDownloadFileIntoSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	for _, size := range []int{0, 5} {
		b := storage.New(newMemory(t), nil)
		defer b.Close()
		if err := must(b.WriteAll(t.Context(), "k", make([]byte, size), nil)); err != nil {
			t.Fatal(err)
		}
		_, err := b.DownloadFile(t.Context(), "k", path, nil)
		if e, ok := errors.AsType[*storage.Error](err); !ok || e.InDoubt {
			t.Errorf("%d bytes: %#v, want an error that is not in doubt", size, err)
		}
	}
}

// A link stays a link: /dev/stdout may be one to a file.
func TestDownloadFileThroughLink(t *testing.T) {
	b, data := downloads(t)
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, nil, 0o640), os.Symlink("file", link)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DownloadFile(t.Context(), "k", link, nil); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Lstat(link)
	if err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", fi.Mode(), err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
}
