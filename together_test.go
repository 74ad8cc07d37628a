package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// uneven is a Store whose answers and bodies take their time, some far longer than others, and fail
// now and then.
type uneven struct {
	storage.FullStore
	mu     sync.Mutex
	random *rand.Rand
	faults int // one request in so many fails; 0: none
}

func (s *uneven) Unwrap() storage.Store { return s.FullStore }

// chance is true once in n times.
func (s *uneven) chance(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return n > 0 && s.random.IntN(n) == 0
}

// answer waits for one.
func (s *uneven) answer(ctx context.Context) error {
	d := 10 * time.Millisecond
	if s.chance(20) {
		d *= 40
	}
	if err := wait(ctx, d); err != nil {
		return err
	}
	if s.chance(s.faults) {
		return &storage.Error{Kind: storage.ErrUnavailable}
	}
	return nil
}

func (s *uneven) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.answer(ctx); err != nil {
		return nil, err
	}
	res, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		pause := time.Millisecond
		if s.chance(16) {
			pause *= 60
		}
		res.Body = &pausing{res.Body, ctx, pause}
		if s.chance(s.faults) {
			res.Body = &ending{res.Body, 3}
		}
	}
	return res, err
}

// ending is a body that breaks after so many Reads.
type ending struct {
	io.ReadCloser
	reads int
}

func (b *ending) Read(p []byte) (int, error) {
	if b.reads--; b.reads < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return b.ReadCloser.Read(p)
}

func (s *uneven) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := s.answer(ctx); err != nil {
		return "", err
	}
	return s.FullStore.CreateUpload(ctx, key, opts)
}

func (s *uneven) PutPart(
	ctx context.Context, key, id string, number int, r io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if err := s.answer(ctx); err != nil {
		return nil, err
	}
	return s.FullStore.PutPart(ctx, key, id, number, r, size, opts)
}

// user makes one call, and cancels, stops, closes or panics as it likes.
type user struct {
	t      *testing.T
	b      *storage.Bucket
	mu     sync.Mutex
	random *rand.Rand
	key    string
	want   []byte // of it
	calm   bool   // nothing fails by itself
}

// errMood is the panic of a user's own code.
var errMood = errors.New("a user's mood")

// mood waits for a while now and then, or panics. It may be called at the same time.
func (u *user) mood() {
	u.mu.Lock()
	mood, pause := u.random.IntN(400), time.Duration(u.random.IntN(1000))
	u.mu.Unlock()
	switch mood {
	case 0:
		panic(errMood)
	case 1, 2, 3, 4:
		time.Sleep(pause * time.Millisecond)
	}
}

func (u *user) call(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil && v != error(errMood) {
			panic(v)
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := u.random.IntN(3) == 0
	if ends {
		after := time.Duration(u.random.IntN(800)) * time.Millisecond
		defer time.AfterFunc(after, cancel).Stop()
	}
	calls := []func(context.Context) error{
		u.download, u.copy, u.read, u.stop, u.send, u.stream, u.ranges,
	}
	err := calls[u.random.IntN(len(calls))](ctx)
	known := errors.Is(err, context.Canceled) && ends ||
		errors.Is(err, storage.ErrUnavailable) && !u.calm
	if err != nil && !known {
		u.t.Errorf("%v", err)
	}
}

// same compares the bytes that came.
func (u *user) same(got []byte) {
	if !bytes.Equal(got, u.want) {
		u.t.Errorf("%d bytes, want %d others", len(got), len(u.want))
	}
}

// moody is a target, and a source, with the mood of its user.
type moody struct {
	u   *user
	buf []byte
	off int
}

func (m *moody) WriteAt(p []byte, off int64) (int, error) {
	m.u.mood()
	return copy(m.buf[off:], p), nil
}

func (m *moody) Write(p []byte) (int, error) {
	m.u.mood()
	m.buf = append(m.buf, p...)
	return len(p), nil
}

func (m *moody) Read(p []byte) (int, error) {
	m.u.mood()
	n := copy(p[:min(len(p), 64<<10)], m.buf[m.off:])
	if m.off += n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (u *user) download(ctx context.Context) error {
	m := &moody{u: u, buf: make([]byte, len(u.want))}
	_, err := u.b.Download(ctx, u.key, m, nil)
	if err == nil {
		u.same(m.buf)
	}
	return err
}

func (u *user) copy(ctx context.Context) error {
	r, err := u.b.Get(ctx, u.key, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	m := &moody{u: u}
	if _, err := io.Copy(m, r); err != nil {
		return err
	}
	u.same(m.buf)
	time.Sleep(time.Duration(u.random.IntN(3)) * time.Second) // it is closed later
	return nil
}

func (u *user) read(ctx context.Context) error {
	r, err := u.b.Get(ctx, u.key, &storage.GetOptions{Concurrency: u.random.IntN(4)})
	if err != nil {
		return err
	}
	defer r.Close()
	var got []byte
	for p := make([]byte, 100<<10); ; u.mood() {
		n, err := r.Read(p)
		if got = append(got, p[:n]...); err == io.EOF {
			u.same(got)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// stop reads a little and rests before it closes, or is closed meanwhile.
func (u *user) stop(ctx context.Context) error {
	r, err := u.b.Get(ctx, u.key, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	stop := time.AfterFunc(time.Duration(u.random.IntN(500))*time.Millisecond, func() { r.Close() })
	defer stop.Stop()
	_, err = io.CopyN(io.Discard, r, u.random.Int64N(int64(len(u.want))))
	time.Sleep(time.Duration(u.random.IntN(3)) * time.Second)
	if errors.Is(err, storage.ErrClosed) {
		return nil
	}
	return err
}

func (u *user) send(ctx context.Context) error {
	src := bytes.NewReader(u.want)
	if err := must(u.b.PutReaderAt(ctx, "new", src, src.Size(), nil)); err != nil {
		return err
	}
	return nil
}

func (u *user) stream(ctx context.Context) error {
	return must(u.b.Put(ctx, "new", onlyReader{&moody{u: u, buf: u.want}}, nil))
}

func (u *user) ranges(ctx context.Context) error {
	r, err := u.b.NewReaderAt(ctx, u.key, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	var ranges []storage.Range
	for range u.random.IntN(20) {
		ranges = append(ranges, storage.Range{
			Offset: u.random.Int64N(int64(len(u.want))), Length: u.random.Int64N(1 << 20),
		})
	}
	got, err := r.ReadRanges(ranges)
	for i := range got {
		from := ranges[i].Offset
		to := min(from+ranges[i].Length, int64(len(u.want)))
		if !bytes.Equal(got[i], u.want[from:to]) {
			u.t.Errorf("a range of %d bytes at %d is another one", to-from, from)
		}
	}
	return err
}

// TestTransfersTogether lets users of all kinds share a Bucket over an uneven link: every byte is
// right, and what the Bucket lends comes back.
func TestTransfersTogether(t *testing.T) {
	data := [][]byte{bytesOf(5 * mib), bytesOf(11*mib + 7), bytesOf(24*mib + 333)}
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				s := &uneven{FullStore: newMemory(t), random: rand.New(rand.NewPCG(seed, 1))}
				opts := &storage.Options{PartSize: mib}
				opts.Concurrency = []int{1, 2, 4, 8, 32}[random.IntN(5)]
				opts.Memory = int64(1+random.IntN(32)) * mib
				b := storage.New(s, opts)
				for i := range data {
					key := fmt.Sprint("k", i)
					if err := must(b.WriteAll(t.Context(), key, data[i], nil)); err != nil {
						t.Fatal(err)
					}
				}
				for range 4 { // so that it is known how long a range takes
					if _, err := b.Download(t.Context(), "k2", discardAt{}, nil); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second)
				free := storage.FreeMemory(b)
				if seed%2 == 0 {
					s.faults = 5 + random.IntN(30)
				}
				var wg sync.WaitGroup
				for range 3 + random.IntN(30) {
					k, begins := random.IntN(len(data)), time.Duration(random.IntN(500))
					u := &user{
						t: t, b: b, random: rand.New(rand.NewPCG(random.Uint64(), 2)),
						key: fmt.Sprint("k", k), want: data[k], calm: s.faults == 0,
					}
					wg.Go(func() {
						time.Sleep(begins * time.Millisecond)
						u.call(t.Context())
					})
				}
				wg.Wait()
				time.Sleep(time.Minute)
				if err := storage.AtRest(b); err != nil {
					t.Error(err)
				}
				if now := storage.FreeMemory(b); now != free {
					t.Errorf("%d bytes of memory are free, %d were", now, free)
				}
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
