package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// TestGrowingFile appends to a file, or truncates it, while it is uploaded: the object is what the
// file was at first, or there is none.
func TestGrowingFile(t *testing.T) {
	for _, size := range []int64{partSize, 3*partSize + 1} {
		for _, by := range []int64{+partSize, -partSize / 2} {
			path := filepath.Join(t.TempDir(), "log")
			old := bytesOf(int(size))
			if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			s := fault.New(newMemory(t))
			change := fault.None().Before(cuts(f, size+by))
			s.Next("Put", change)
			s.Next("PutPart", change)
			b := storage.New(s, &storage.Options{PartSize: partSize, Concurrency: 1})
			defer b.Close()
			_, err = b.UploadFile(t.Context(), "k", path, nil)
			got, readErr := b.ReadAll(context.Background(), "k", nil)
			switch {
			case by > 0 && (err != nil || !bytes.Equal(got, old)):
				t.Errorf("%d bytes that grow: %v, and then %d bytes, %v", size, err, len(got),
					readErr)
			case by < 0 && (!errors.Is(err, io.ErrUnexpectedEOF) ||
				!errors.Is(readErr, storage.ErrNotExist)):
				t.Errorf("%d bytes that shrink: %v, and then %d bytes, %v", size, err, len(got),
					readErr)
			}
		}
	}
}
