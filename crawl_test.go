package storage_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// TestCrawlingRanges lets one body in 50 come at a twentieth of the speed of the others.
func TestCrawlingRanges(t *testing.T) {
	for _, what := range []string{"Download", "io.Copy"} {
		t.Run(what, func(t *testing.T) {
			// run moves the object twice: it takes the first time to know how long a range takes.
			run := func(crawls int, off bool) (took time.Duration, asked int) {
				synctest.Test(t, func(t *testing.T) {
					l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: 512 * mib,
						crawls: crawls}
					b := newLink(t, l, &storage.Options{NoHedging: off})
					defer b.Close()
					for range 2 {
						start := time.Now()
						l.asked, l.crawled = 0, nil
						if err := transfers[what](t.Context(), b, l.size); err != nil {
							t.Fatal(err)
						}
						took, asked = time.Since(start), l.asked
					}
				})
				return took, asked
			}
			calm, requests := run(0, false)
			without, _ := run(50, true)
			with, asked := run(50, false)
			t.Logf("%v and %d requests where none crawls; %v of those that crawl, %v and %d "+
				"requests with hedges", calm, requests, without, with, asked)
			if without < 3*calm {
				t.Errorf("%v of ranges that crawl, %v of others: the test shows nothing", without,
					calm)
			}
			if with > without/2 {
				t.Errorf("%v with hedges, %v without", with, without)
			}
			if asked > requests+requests/20 {
				t.Errorf("%d requests, %d are 5 %% more", asked, requests+requests/20)
			}
		})
	}
}

// crawling is a Store in which each 24th body comes in small pieces, a tenth of a second apart.
type crawling struct {
	storage.FullStore
	asked atomic.Int64
}

func (s *crawling) Unwrap() storage.Store { return s.FullStore }

func (s *crawling) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	pause := time.Millisecond
	if s.asked.Add(1)%24 == 0 {
		pause *= 100
	}
	res, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		res.Body = &pausing{res.Body, ctx, pause}
	}
	return res, err
}

type pausing struct {
	io.ReadCloser
	ctx   context.Context
	pause time.Duration
}

func (b *pausing) Read(p []byte) (int, error) {
	if err := wait(b.ctx, b.pause); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p[:min(len(p), 50_000)])
}

// buffer is a target of its own length.
type buffer []byte

func (b buffer) WriteAt(p []byte, off int64) (int, error) { return copy(b[off:], p), nil }

// TestCrawlingBytes looks at the bytes of what was asked for again from the middle.
func TestCrawlingBytes(t *testing.T) {
	want := bytesOf(96 * mib)
	for what, read := range map[string]func(context.Context, *storage.Bucket) ([]byte, error){
		"Download": func(ctx context.Context, b *storage.Bucket) ([]byte, error) {
			w := make(buffer, len(want))
			_, err := b.Download(ctx, "k", w, nil)
			return w, err
		},
		"ReadAll": func(ctx context.Context, b *storage.Bucket) ([]byte, error) {
			return b.ReadAll(ctx, "k", nil)
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &crawling{FullStore: newMemory(t)}
				b := storage.New(s, &storage.Options{PartSize: mib})
				defer b.Close()
				if err := must(b.WriteAll(t.Context(), "k", want, nil)); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					s.asked.Store(0)
					got, err := read(t.Context(), b)
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%d bytes that differ, %v", len(got), err)
					}
				}
				if n := s.asked.Load(); n <= 96 {
					t.Errorf("%d requests, so none was made again", n)
				}
			})
		})
	}
}

// slowRange is a Store in which one range comes slowly, and where at last nothing can be asked for.
type slowRange struct {
	storage.FullStore
	at    int64         // the range that is slow; negative: none
	pause time.Duration // before each 50,000 bytes of it
	gone  atomic.Pointer[storage.Error]
	asked atomic.Int64
}

func (s *slowRange) Unwrap() storage.Store { return s.FullStore }

func (s *slowRange) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	s.asked.Add(1)
	if e := s.gone.Load(); e != nil {
		return nil, &storage.Error{Kind: e.Kind}
	}
	res, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		pause := time.Millisecond
		if opts.Offset == s.at {
			pause = s.pause
		}
		res.Body = &pausing{res.Body, ctx, pause}
	}
	return res, err
}

// slowly downloads an object once the Bucket knows how long a range takes, without retries.
func slowly(t *testing.T, s *slowRange, w io.WriterAt, began func()) error {
	s.FullStore = newMemory(t)
	b := storage.New(s, &storage.Options{
		PartSize: mib, Concurrency: 8, Retry: storage.RetryOptions{Attempts: 1},
	})
	defer b.Close()
	if err := must(b.WriteAll(t.Context(), "k", bytesOf(96*mib), nil)); err != nil {
		t.Fatal(err)
	}
	at := s.at
	s.at = -1
	if _, err := b.Download(t.Context(), "k", discardAt{}, nil); err != nil {
		t.Fatal(err)
	}
	s.at = at
	s.asked.Store(0)
	began()
	_, err := b.Download(t.Context(), "k", w, nil)
	return err
}

// TestCrawlOfWhatIsGone cannot ask for the rest of a range that crawls: it comes all the same.
func TestCrawlOfWhatIsGone(t *testing.T) {
	for _, kind := range []error{
		storage.ErrPrecondition, storage.ErrNotExist, storage.ErrUnavailable, storage.ErrThrottled,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &slowRange{at: 90 * mib, pause: 100 * time.Millisecond}
			err := slowly(t, s, discardAt{}, func() {
				time.AfterFunc(1300*time.Millisecond, func() { // all ranges have begun
					s.gone.Store(&storage.Error{Kind: kind})
				})
			})
			if err != nil {
				t.Errorf("%v: Download: %v", kind, err)
			}
			if n := s.asked.Load(); n <= 96 {
				t.Errorf("%d requests: the rest was not asked for", n)
			}
		})
	}
}

// blocking is a target whose write of the byte behind its offset takes a while.
type blocking int64

func (b blocking) WriteAt(p []byte, off int64) (int, error) {
	if off <= int64(b) && int64(b) < off+int64(len(p)) {
		time.Sleep(5 * time.Second)
	}
	return len(p), nil
}

// TestCompleteRangeIsNoCrawl lets the last byte of a slow range wait for its target.
func TestCompleteRangeIsNoCrawl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 21 pieces are over before the first look, and take longer than others by far.
		s := &slowRange{at: 60 * mib, pause: 23 * time.Millisecond}
		if err := slowly(t, s, blocking(61*mib-1), func() {}); err != nil {
			t.Error(err)
		}
		if n := s.asked.Load(); n > 96 {
			t.Errorf("%d requests, want 96", n)
		}
	})
}

// A service that has become slow altogether is asked once.
func TestSlowLinkIsNoCrawl(t *testing.T) {
	for _, what := range []string{"Download", "io.Copy"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: 512 * mib}
				b := newLink(t, l, nil)
				defer b.Close()
				move := func(context.Context) int {
					l.asked = 0
					if err := transfers[what](t.Context(), b, l.size); err != nil {
						t.Fatal(err)
					}
					return l.asked
				}
				before := move(t.Context())
				l.perConn /= 20
				if after := move(t.Context()); after > before {
					t.Errorf("%d requests, %d before the link became slow", after, before)
				}
			})
		})
	}
}

// slowRanges is a Store in which four ranges beside each other come slowly the first time that they
// are asked for, and which counts the requests under way.
type slowRanges struct {
	storage.FullStore
	at int64 // of the first of them; negative: none is slow

	mu         sync.Mutex
	asked      map[int64]int // requests by their end
	open, peak int
}

func (s *slowRanges) Unwrap() storage.Store { return s.FullStore }

func (s *slowRanges) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	end := opts.Offset + opts.Length
	s.mu.Lock()
	s.open++
	s.peak = max(s.peak, s.open)
	s.asked[end]++
	pause := time.Millisecond
	if s.at >= 0 && end > s.at && end <= s.at+4*mib && s.asked[end] == 1 {
		pause *= 100
	}
	s.mu.Unlock()
	err := wait(ctx, 20*time.Millisecond)
	var res *storage.GetResult
	if err == nil {
		res, err = s.FullStore.Get(ctx, key, opts)
	}
	if err != nil {
		s.closed()
		return nil, err
	}
	res.Body = &slowBody{pausing: pausing{res.Body, ctx, pause}, s: s}
	return res, nil
}

func (s *slowRanges) closed() {
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
}

type slowBody struct {
	pausing
	s    *slowRanges
	once sync.Once
}

func (b *slowBody) Close() error {
	b.once.Do(b.s.closed)
	return b.pausing.Close()
}

// TestCrawlsTogether lets four of eight ranges crawl at once: there is one request more than eight
// at a time, and the rest of each of them is asked for.
func TestCrawlsTogether(t *testing.T) {
	const workers = 8
	for what, read := range map[string]func(context.Context, *storage.Bucket) error{
		"Download": func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.Download(ctx, "k", discardAt{}, nil)
			return err
		},
		"ReadAll": func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.ReadAll(ctx, "k", nil)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slowRanges{FullStore: newMemory(t), at: -1, asked: make(map[int64]int)}
				b := storage.New(s, &storage.Options{PartSize: mib, Concurrency: workers})
				defer b.Close()
				data := make([]byte, 96*mib)
				if err := must(b.WriteAll(t.Context(), "k", data, nil)); err != nil {
					t.Fatal(err)
				}
				for _, s.at = range []int64{-1, 8 * mib} {
					s.peak = 0
					clear(s.asked)
					if err := read(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
				if s.peak > workers+1 {
					t.Errorf("%d requests at once, want %d at most", s.peak, workers+1)
				}
				for i := range int64(4) {
					if n := s.asked[s.at+(i+1)*mib]; n != 2 {
						t.Errorf("range %d that crawls was asked for %d times, want twice", i, n)
					}
				}
				if err := storage.AtRest(b); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestCrawlBesideABlockedTarget blocks the target of a range that crawls: another range that crawls
// is asked for again all the same.
func TestCrawlBesideABlockedTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const at = 90 * mib
		s := &slowRange{FullStore: newMemory(t), at: -1, pause: 100 * time.Millisecond}
		b := storage.New(s, &storage.Options{PartSize: mib, Concurrency: 8})
		defer b.Close()
		if err := must(b.WriteAll(t.Context(), "k", bytesOf(96*mib), nil)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := b.Download(t.Context(), "k", discardAt{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		s.at = at
		var blocked sync.WaitGroup
		blocked.Go(func() {
			if _, err := b.Download(t.Context(), "k", blocking(at+150_000), nil); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(3 * time.Second) // of five in which the target takes nothing
		s.asked.Store(0)
		if _, err := b.Download(t.Context(), "k", discardAt{}, nil); err != nil {
			t.Fatal(err)
		}
		if n := s.asked.Load(); n <= 96 {
			t.Errorf("%d requests: the rest was not asked for", n)
		}
		blocked.Wait()
		if err := storage.AtRest(b); err != nil {
			t.Error(err)
		}
	})
}
