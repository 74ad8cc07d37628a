package main

import (
	"context"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// took is what a transfer took. The test has a copy of it.
type took struct {
	// As the library says.
	Moved, Resumed int64
	Restarted      string

	// As the Store below it was asked.
	Puts    int      // requests for a whole object
	Uploads int      // that were begun
	Parts   []int    // the numbers of those that were sent, in their order
	Asked   [][2]int // offset and length of each read
	Read    int64    // bytes of the answers
}

// counter is a Store that keeps account of what is asked of it.
type counter struct {
	storage.FullStore
	mu sync.Mutex
	t  took
}

func (c *counter) count(note func(t *took)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	note(&c.t)
}

func (c *counter) took() (t took) {
	c.count(func(of *took) { t = *of })
	return t
}

func (c *counter) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	c.count(func(t *took) { t.Puts++ })
	return c.FullStore.Put(ctx, key, body, size, opts)
}

func (c *counter) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	c.count(func(t *took) { t.Uploads++ })
	return c.FullStore.CreateUpload(ctx, key, opts)
}

func (c *counter) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	c.count(func(t *took) { t.Parts = append(t.Parts, number) })
	return c.FullStore.PutPart(ctx, key, id, number, body, size, opts)
}

func (c *counter) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	c.count(func(t *took) {
		t.Asked = append(t.Asked, [2]int{int(opts.Offset), int(opts.Length)})
	})
	r, err := c.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Body = &counted{r.Body, c}
	}
	return r, err
}

// counted counts the bytes of an answer.
type counted struct {
	io.ReadCloser
	c *counter
}

func (r *counted) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.c.count(func(t *took) { t.Read += int64(n) })
	return n, err
}
