package storage_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// distant is a link with a limit for each connection.
func distant(size int64) *link {
	return &link{trip: 20 * time.Millisecond, perConn: 25e6, size: size, least: 5 * mib}
}

// open opens the object at the other end of a link.
func open(t *testing.T, b *storage.Bucket) *storage.Reader {
	t.Helper()
	r, err := b.Get(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestHeader looks at the first bytes of a large object, which costs a block or two, and one
// request.
func TestHeader(t *testing.T) {
	for _, n := range []int{100, 4 << 10, 64 << 10} {
		synctest.Test(t, func(t *testing.T) {
			l := distant(1024 * mib)
			b := newLink(t, l, nil)
			defer b.Close()
			r := open(t, b)
			if _, err := io.ReadFull(r, make([]byte, n)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute) // whatever was asked for has come
			r.Close()
			if l.fetched > 4*mib || l.asked != 1 {
				t.Errorf("%d bytes and %d requests for %d bytes", l.fetched, l.asked, n)
			}
		})
	}
}

// TestSlowConsumer reads at a quarter of what one connection gives: there is no second one.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := distant(32 * mib)
		b := newLink(t, l, nil)
		defer b.Close()
		r := open(t, b)
		defer r.Close()
		for {
			if _, err := io.ReadFull(r, make([]byte, 64<<10)); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			time.Sleep(8 * time.Millisecond)
		}
		if l.asked != 1 {
			t.Errorf("%d requests for a consumer that is slow, want 1", l.asked)
		}
	})
}

// TestIdleReader has one Reader that holds what it may have read ahead, and does not go on. Other
// transfers are as fast as without it, or have fewer connections, and wait for nothing.
func TestIdleReader(t *testing.T) {
	for what, limit := range map[string]float64{
		"Download": 1.1, "io.Copy": 5, "PutReaderAt": 1.1, "Put": 5,
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := distant(128 * mib)
				b := newLink(t, l, nil)
				defer b.Close()
				took := func() float64 {
					start := time.Now()
					if err := transfers[what](t.Context(), b, l.size); err != nil {
						t.Error(err)
					}
					return time.Since(start).Seconds()
				}
				alone := took()
				r := open(t, b)
				defer r.Close()
				if _, err := io.ReadFull(r, make([]byte, 16*mib)); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Hour)
				if n := l.opened(0); n > 1 {
					t.Errorf("%d requests of an idle Reader are open, want 1 at most", n)
				}
				if beside := took(); beside > limit*alone {
					t.Errorf("%.3f s beside an idle Reader, %.3f s alone", beside, alone)
				}
			})
		})
	}
}

// TestBandwidth moves 100 MiB at 20 MiB/s, also by one request at a time.
func TestBandwidth(t *testing.T) {
	for what, move := range transfers {
		for _, width := range []int{1, 32} {
			t.Run(fmt.Sprint(what, " by ", width), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := distant(100 * mib)
					l.trip = time.Millisecond
					l.perConn *= 4
					b := newLink(t, l, &storage.Options{Bandwidth: 20 * mib, Concurrency: width})
					defer b.Close()
					start := time.Now()
					if err := move(t.Context(), b, l.size); err != nil {
						t.Error(err)
					}
					if took := time.Since(start).Seconds(); took < 4.75 || took > 5.25 {
						t.Errorf("100 MiB at 20 MiB/s took %.2f s, want 5.0", took)
					}
				})
			})
		}
	}
}

// widest notes the longest Write, and fails behind some bytes.
type widest struct {
	longest, total int
	fails          int // 0: never
}

var errFull = errors.New("full")

func (w *widest) Write(p []byte) (int, error) {
	w.longest = max(w.longest, len(p))
	if w.total += len(p); w.fails > 0 && w.total >= w.fails {
		return len(p), errFull
	}
	return len(p), nil
}

// TestWriteToLends shows that WriteTo hands over the buffers that bytes arrived in, without a copy,
// and that the memory is given back, whatever becomes of the transfer.
func TestWriteToLends(t *testing.T) {
	for _, fails := range []int{0, 40 * mib} {
		synctest.Test(t, func(t *testing.T) {
			b := newLink(t, distant(64*mib), nil)
			defer b.Close()
			free := storage.FreeMemory(b)
			r := open(t, b)
			w := &widest{fails: fails}
			n, err := r.WriteTo(w)
			if fails == 0 && (err != nil || n != 64*mib) || fails > 0 && err != errFull {
				t.Errorf("WriteTo = %d, %v", n, err)
			}
			r.Close()
			if w.longest != mib {
				t.Errorf("the longest Write had %d bytes, want those of a buffer", w.longest)
			}
			if now := storage.FreeMemory(b); now != free {
				t.Errorf("%d bytes of the budget are free, want %d", now, free)
			}
		})
	}
}

// TestCloseUnderWrite closes a Reader while the target of its WriteTo has bytes of it. They stay as
// they are until the Write is over.
func TestCloseUnderWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLink(t, distant(64*mib), nil)
		defer b.Close()
		free := storage.FreeMemory(b)
		r := open(t, b)
		closed := false
		_, err := r.WriteTo(writerFunc(func(p []byte) (int, error) {
			if len(p) == mib && !closed {
				closed = true
				done := make(chan struct{})
				go func() { r.Close(); close(done) }()
				<-done // Close does not wait for the Write
				if storage.FreeMemory(b) != free-mib {
					t.Errorf("%d bytes are lent under the Write", free-storage.FreeMemory(b))
				}
			}
			return len(p), nil
		}))
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("WriteTo of a Reader that was closed = %v, want %v", err, storage.ErrClosed)
		}
		if now := storage.FreeMemory(b); now != free {
			t.Errorf("%d bytes of the budget are free, want %d", now, free)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
