package gcs

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// CopyPart makes two requests, a read and a write: the service copies no parts, so the bytes go through here, as they arrive and
// without a buffer of their own. The read is pinned to one generation. (Copy, which takes any size, stays on the service's side.)
func (s *Store) CopyPart(ctx context.Context, key, uploadID string, number int, src string, opts *storage.CopyPartOptions) (*storage.Part, error) {
	for _, k := range [...]string{key, src} {
		if err := checkKey(k); err != nil {
			return nil, err
		}
	}
	switch {
	case number < 1:
		return nil, invalid("part number %d", number)
	case opts.SourceOffset < 0 || opts.SourceLength <= 0:
		return nil, invalid("a part of %d bytes from %d", opts.SourceLength, opts.SourceOffset)
	}
	ctx, cancel := context.WithCancel(ctx)
	from := &copied{
		store: s, ctx: ctx, key: src, sum: wire.Algorithms[wire.CRC32C].New(),
		opts: storage.GetOptions{Offset: opts.SourceOffset, Length: opts.SourceLength, IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID},
	}
	defer from.close()
	defer cancel() // before close, which waits for a Read: the transport may be in one
	if err := from.open(0); err != nil {
		return nil, err
	}
	body, err := wire.NewSource(from, opts.SourceLength)
	if err != nil {
		return nil, err
	}
	// In a session the part is known again by where it comes from: what is in it shows when it was read.
	part := &storage.Part{Number: number, Size: opts.SourceLength, ETag: fmt.Sprintf("%s@%d/%s", from.opts.IfMatch, opts.SourceOffset, src)}
	part, err = s.putPart(ctx, key, uploadID, body, part, &opts.PartOptions, from.sumAll)
	if err != nil {
		if failed := from.failure(); failed != nil { // the part was not sent as a whole, so it was not taken
			return nil, failed
		}
		return nil, err
	}
	return part, nil
}

// copied is a range of one generation of an object, as a body: reading goes on from anywhere in it, by another request if need be. What was read
// is summed. The context, CopyPart's, governs all requests.
type copied struct {
	store *Store
	ctx   context.Context
	key   string

	mu     sync.Mutex
	opts   storage.GetOptions // with the whole range
	body   io.ReadCloser      // nil: none is open
	at     int64              // where body is, from the beginning of the range; not behind summed
	pos    int64              // where to read
	sum    hash.Hash
	summed int64 // bytes from the beginning that are in sum
	err    error // of the reads
}

// open begins a read at the byte from of the range, and with the first one pins the generation.
func (c *copied) open(from int64) error {
	o := c.opts
	o.Offset, o.Length = o.Offset+from, o.Length-from
	r, err := c.store.Get(c.ctx, c.key, &o)
	if err != nil {
		return err
	}
	if r.Offset != o.Offset || r.Length != o.Length {
		r.Body.Close()
		return &storage.Error{Kind: storage.ErrRange, Err: fmt.Errorf("%d bytes at %d of %d", o.Length, o.Offset, r.Object.Size)}
	}
	c.opts.IfMatch, c.body, c.at = r.Object.ETag, r.Body, from
	return nil
}

// Read reads from the last Seek on. What lies between that and what was read so far is read, too: it belongs into the sum.
func (c *copied) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if end := c.opts.Length; c.err == nil && c.pos == end && c.summed == end {
		return 0, io.EOF
	}
	if c.pos < c.at {
		c.shut()
	}
	if c.err == nil && c.body == nil {
		c.err = c.open(min(c.pos, c.summed))
	}
	for skip := make([]byte, min(c.pos-c.at, 32<<10)); c.err == nil && c.at < c.pos; {
		c.read(skip[:min(int64(len(skip)), c.pos-c.at)])
	}
	switch {
	case c.err != nil:
		return 0, c.err
	case c.pos == c.opts.Length:
		return 0, io.EOF
	}
	n := c.read(p)
	c.pos += int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, c.err
}

// read reads what comes next of body into p, which is not behind the end of the range.
func (c *copied) read(p []byte) (n int) {
	n, err := c.body.Read(p[:min(int64(len(p)), c.opts.Length-c.at)])
	c.at += int64(n)
	if fresh := c.at - c.summed; fresh > 0 {
		c.sum.Write(p[int64(n)-fresh : n])
		c.summed = c.at
	}
	switch {
	case err == io.EOF && c.at < c.opts.Length:
		c.err = &storage.Error{Kind: storage.ErrUnavailable, Err: io.ErrUnexpectedEOF}
	case err != io.EOF:
		c.err = err
	}
	return n
}

func (c *copied) Seek(offset int64, whence int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.opts.Length
	}
	if offset < 0 || offset > c.opts.Length {
		return 0, invalid("a seek to %d of %d", offset, c.opts.Length)
	}
	c.pos = offset
	return offset, nil
}

// sumAll is the CRC32C of the whole range.
func (c *copied) sumAll() ([]byte, error) {
	if _, err := c.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	if _, err := c.Read(nil); err != io.EOF {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum.Sum(nil), nil
}

func (c *copied) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *copied) shut() {
	if c.body != nil {
		c.body.Close()
		c.body = nil
	}
}

func (c *copied) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut()
	if c.err == nil {
		c.err = storage.ErrClosed // of a Read that comes late
	}
}
