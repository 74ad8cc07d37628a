package storage_test

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// watching is a Store whose bodies call look before their first byte is read.
type watching struct {
	storage.FullStore
	look func()
}

func (s watching) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Body = &watchedBody{ReadCloser: r.Body, look: s.look}
	}
	return r, err
}

type watchedBody struct {
	io.ReadCloser
	once sync.Once
	look func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.once.Do(b.look)
	return b.ReadCloser.Read(p)
}

// TestDownloadFileAllocates looks at the file of a download before its first byte is there: it has
// room for all of them.
func TestDownloadFileAllocates(t *testing.T) {
	const size = 4 << 20
	dir := t.TempDir()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil || fs.Type == 0x01021994 {
		t.Skipf("files are in memory, where no room is made: %v", err)
	}
	for name, opts := range map[string]*storage.GetOptions{
		"plain":        {Concurrency: 1},
		"with a state": {Concurrency: 1, StateFile: filepath.Join(dir, "state")},
	} {
		rooms := []int64{}
		s := watching{newMemory(t), func() {
			names, _ := filepath.Glob(filepath.Join(dir, ".storage-*.part"))
			for _, n := range names {
				var st syscall.Stat_t
				if err := syscall.Stat(n, &st); err == nil {
					rooms = append(rooms, st.Blocks*512)
				}
			}
		}}
		b := storage.New(s, &storage.Options{PartSize: partSize})
		defer b.Close()
		if _, err := b.WriteAll(t.Context(), "k", make([]byte, size), nil); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, "target")
		if _, err := b.DownloadFile(t.Context(), "k", target, opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(rooms) != 1 || rooms[0] < size {
			t.Errorf("%s: files have room for %d bytes, want one for %d", name, rooms, size)
		}
	}
}
