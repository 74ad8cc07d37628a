package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// shaky is a Store whose writes fail at random: before they are carried out or after, in doubt or
// not.
type shaky struct {
	storage.FullStore
	mu  sync.Mutex
	rng *rand.Rand
}

func (s *shaky) around(write func() error) error {
	s.mu.Lock()
	n := s.rng.IntN(8)
	s.mu.Unlock()
	doubt := &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
	switch n {
	case 0:
		return &storage.Error{Kind: storage.ErrThrottled}
	case 1:
		return doubt
	case 2, 3:
		_ = write() // the answer is lost, whatever it is
		return doubt
	}
	return write()
}

func (s *shaky) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (o *storage.Object, err error) {
	err = s.around(func() (err error) {
		o, err = s.FullStore.Put(ctx, key, body, size, opts)
		return err
	})
	return o, err
}

func (s *shaky) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (o *storage.Object, err error) {
	err = s.around(func() (err error) {
		o, err = s.FullStore.CompleteUpload(ctx, key, id, parts, opts)
		return err
	})
	return o, err
}

func (s *shaky) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (res *storage.CopyResult, err error) {
	err = s.around(func() (err error) {
		res, err = s.FullStore.Copy(ctx, dst, src, opts)
		return err
	})
	return res, err
}

// TestTruth: each of many writers appends a line of its own, by whichever way of writing, while
// answers get lost. In the end the object has each line once whose write said nil, none whose write
// said ErrPrecondition or ErrExist, and of the others some.
func TestTruth(t *testing.T) {
	const writers, rounds, objects = 6, 25, 8
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &shaky{FullStore: newMemory(t), rng: rand.New(rand.NewPCG(seed, 1))}
	opts := &storage.Options{PartSize: 64,
		Retry: storage.RetryOptions{Attempts: 3, MinDelay: time.Nanosecond, Budget: -1}}
	shared := storage.New(s, opts)
	defer shared.Close()
	var unknown, sure int
	for n := range objects {
		key := fmt.Sprint("k", n)
		var mu sync.Mutex
		outcome := make(map[string]error)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				b := shared
				if w%2 == 1 { // a program of its own, which knows only what it has seen
					b = storage.New(s, opts)
				}
				for i := range rounds {
					line := fmt.Sprintf("%s-%d-%d-%s\n", key, w, i, strings.Repeat("x", i))
					err := appendLine(t.Context(), b, key, line, (w+i)%4)
					mu.Lock()
					outcome[line] = err
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		got, err := shared.ReadAll(t.Context(), key, nil)
		if err != nil {
			t.Fatal(err)
		}
		for line, err := range outcome {
			times := strings.Count(string(got), line)
			switch {
			case err == nil && times != 1:
				t.Errorf("%q is there %d times, its write was nil", line, times)
			case (errors.Is(err, storage.ErrPrecondition) || errors.Is(err, storage.ErrExist)) &&
				times != 0:
				t.Errorf("%q is there, its write was %v", line, err)
			case errors.Is(err, storage.ErrUnknownOutcome):
				unknown++
				continue
			case err != nil && times != 0:
				if e := (*storage.Error)(nil); !errors.As(err, &e) || !e.InDoubt {
					t.Errorf("%q is there, its write was %v, not in doubt", line, err)
				}
			}
			sure++
		}
	}
	t.Logf("%d outcomes for sure, %d unknown", sure, unknown)
	if unknown > sure {
		t.Errorf("%d of %d outcomes are unknown", unknown, unknown+sure)
	}
}

// appendLine reads the object and writes it with line behind it, on condition that it is still the
// same, by one of the ways.
func appendLine(ctx context.Context, b *storage.Bucket, key, line string, way int) error {
	var po storage.PutOptions
	old, o, err := readObject(ctx, b, key)
	switch {
	case errors.Is(err, storage.ErrNotExist):
		po.IfAbsent = true
	case err != nil:
		return err
	default:
		po.IfMatch = o.ETag
	}
	data := append(old, line...)
	switch way {
	case 0:
		_, err = b.Put(ctx, key, bytes.NewReader(data), &po)
	case 1:
		_, err = b.Put(ctx, key, onlyReader{bytes.NewReader(data)}, &po)
	case 2: // one request, whatever the size
		po.PartSize = 1 << 20
		_, err = b.Put(ctx, key, bytes.NewReader(data), &po)
	case 3: // by a copy of an object that is written aside
		aside := "aside-" + line[:len(line)-1]
		if _, err := b.Put(ctx, aside, bytes.NewReader(data), nil); err != nil {
			return err
		}
		_, err = b.Copy(ctx, key, aside,
			&storage.CopyOptions{IfAbsent: po.IfAbsent, IfMatch: po.IfMatch})
	}
	return err
}

func readObject(
	ctx context.Context, b *storage.Bucket, key string,
) ([]byte, *storage.Object, error) {
	r, err := b.Get(ctx, key, nil)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return data, r.Object(), err
}
