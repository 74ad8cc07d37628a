package storage

import (
	"io"
	"sync"
)

const (
	// chunkSize is the size of every large buffer. There is one size, so that a buffer fits
	// whatever transfer is next.
	chunkSize = 1 << 20

	// firstBuffer is the size of the first buffer of a Writer.
	firstBuffer = 64 << 10
)

// buffers are the chunks that the transfers of a Bucket have given back. To reuse one costs less
// than the page faults of a new one.
//
// While a large transfer is under way, they are kept: chunks that the garbage collector took would
// stand beside new ones until it runs, and that is when the heap has twice the size of what is in
// use. Afterwards it may have them.
type buffers struct {
	pool sync.Pool // of *[chunkSize]byte

	mu     sync.Mutex
	users  int // large transfers
	unused []*[chunkSize]byte
}

// begin notes that a large transfer begins. end ends it.
func (m *buffers) begin() {
	m.mu.Lock()
	m.users++
	m.mu.Unlock()
}

func (m *buffers) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users--; m.users > 0 {
		return
	}
	for _, c := range m.unused {
		m.pool.Put(c)
	}
	m.unused = nil
}

// chunk returns an empty buffer with room for n bytes, which are not more than chunkSize.
func (m *buffers) chunk(n int64) []byte {
	if n == chunkSize {
		if c := m.get(); c != nil {
			return c[:0]
		}
	}
	return make([]byte, 0, n)
}

// get returns a chunk that was used before, or nil.
func (m *buffers) get() *[chunkSize]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := len(m.unused) - 1; i >= 0 {
		c := m.unused[i]
		m.unused = m.unused[:i]
		return c
	}
	c, _ := m.pool.Get().(*[chunkSize]byte)
	return c
}

// recycle takes back a buffer that nobody uses any more.
func (m *buffers) recycle(b []byte) {
	if cap(b) != chunkSize {
		return
	}
	c := (*[chunkSize]byte)(b[:chunkSize])
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users > 0 {
		m.unused = append(m.unused, c)
	} else {
		m.pool.Put(c)
	}
}

// chunks are bytes in buffers of chunkSize, of which the first can be smaller.
type chunks struct {
	list  [][]byte
	size  int64
	large bool // many bytes are to come: the first buffer is no smaller
}

func (*chunks) direct() {}

// room returns where the next bytes go, at least one and at most n. The first buffer grows.
func (c *chunks) room(m *buffers, n int64) []byte {
	if len(c.list) == 0 {
		first := int64(firstBuffer)
		if c.large { // what a buffer is that grows is garbage, which a part must not leave behind
			first = chunkSize
		}
		c.list = append(c.list, m.chunk(min(n, first)))
	}
	i := len(c.list) - 1
	last := c.list[i]
	if len(last) == cap(last) {
		if have := int64(len(last)); i == 0 && have < chunkSize {
			last = append(m.chunk(min(8*have, have+n, chunkSize)), last...)
			c.list[0] = last
		} else {
			last = m.chunk(min(n, chunkSize))
			c.list = append(c.list, last)
		}
	}
	return last[len(last):min(int64(cap(last)), int64(len(last))+n)]
}

// grew counts the first n bytes of what room returned.
func (c *chunks) grew(n int) {
	last := &c.list[len(c.list)-1]
	*last = (*last)[:len(*last)+n]
	c.size += int64(n)
}

// cut takes the first n bytes out of c, which has as many.
func (c *chunks) cut(n int64) *chunks {
	if n == c.size {
		all := *c
		*c = chunks{}
		return &all
	}
	var front chunks
	for i, b := range c.list {
		if front.size+int64(len(b)) <= n {
			front.list = append(front.list, b)
			front.size += int64(len(b))
			continue
		}
		rest := chunks{}
		if left := n - front.size; left > 0 {
			front.list = append(front.list, b[:left:left])
			front.size = n
			b = b[left:]
		}
		rest.list = append(rest.list, b)
		rest.list = append(rest.list, c.list[i+1:]...)
		rest.size = c.size - n
		*c = rest
		break
	}
	return &front
}

// recycle gives all buffers back.
func (c *chunks) recycle(m *buffers) {
	for _, b := range c.list {
		m.recycle(b)
	}
	*c = chunks{}
}

// ReadAt implements io.ReaderAt.
func (c *chunks) ReadAt(p []byte, off int64) (n int, err error) {
	for _, b := range c.list {
		if off >= int64(len(b)) {
			off -= int64(len(b))
			continue
		}
		k := copy(p[n:], b[off:])
		n, off = n+k, 0
		if n == len(p) {
			return n, nil
		}
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}
