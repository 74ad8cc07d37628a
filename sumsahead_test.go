package storage_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// summing is a Store that wants sums ahead of each part, and takes 10 ms for a part.
type summing struct {
	*memory.Store
	mu      sync.Mutex
	summed  int              // parts
	sending int              // parts whose turn came
	ahead   []int            // of each part: how many were summed when its turn came
	given   []storage.Object // of each part: the sums that it came with
}

func (s *summing) SumPart(
	_ context.Context, body io.ReadSeeker, _ int64,
) (storage.Checksums, error) {
	b, err := io.ReadAll(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summed++
	return storage.Checksums{CRC32C: []byte{b[0]}}, err
}

func (s *summing) PutPart(
	ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	s.sending++
	s.ahead = append(s.ahead, s.summed)
	s.given = append(s.given, storage.Object{Key: string(rune(n)), Checksums: opts.Checksums})
	s.mu.Unlock()
	return s.Store.PutPart(ctx, key, id, n, body, size, opts)
}

// The sums of parts are made before their turn, as many as are sent at once, and each part comes
// with its own. A source that may block has none made ahead.
func TestSumsAhead(t *testing.T) {
	const part, parts, workers = 64 << 10, 8, 2
	data := make([]byte, parts*part)
	for i := range data {
		data[i] = byte(i/part + 1)
	}
	upload := func(t *testing.T, src io.ReaderAt) *summing {
		m, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &summing{Store: m}
		b := storage.New(s, &storage.Options{PartSize: part, Concurrency: workers})
		defer b.Close()
		if _, err := b.PutReaderAt(t.Context(), "k", src, int64(len(data)), nil); err != nil {
			t.Fatal(err)
		}
		return s
	}
	synctest.Test(t, func(t *testing.T) {
		s := upload(t, bytes.NewReader(data))
		if s.summed != parts {
			t.Errorf("%d sums were made, want one of each of %d parts", s.summed, parts)
		}
		for i, n := range s.ahead {
			// The next parts have their turn when one has ended, in the same instant.
			want := min(i/workers*workers+2*workers, parts)
			if n < want || n > want+workers {
				t.Errorf("%d parts were summed when part %d was over, want %d", n, i+1, want)
			}
		}
		for _, o := range s.given {
			if n := []rune(o.Key)[0]; !bytes.Equal(o.Checksums.CRC32C, []byte{byte(n)}) {
				t.Errorf("part %d came with the sum %v", n, o.Checksums.CRC32C)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if s := upload(t, struct{ io.ReaderAt }{bytes.NewReader(data)}); s.summed != 0 {
			t.Errorf("%d sums were made ahead of a source that may block", s.summed)
		}
	})
}
