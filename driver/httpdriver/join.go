package httpdriver

import (
	"io"
	"slices"
)

// net/http writes the header of a request by itself where it does not know how long the body takes.
// A small body that is at hand goes out with its header, by one call of the system, and the service
// wakes up once for it.

// smallBody is the size of bodies, in bytes, whose copy takes less than a call of the system.
const smallBody = 16 << 10

// waits reports whether the request that has the connection has bytes of a small body left to hand
// out, so that another write follows this one.
func (c *conn) waits() bool {
	c.mu.Lock()
	t := c.trip
	c.mu.Unlock()
	if t == nil || t.attempt == nil || t.attempt.Body == nil || t.expects {
		return false
	}
	body := t.attempt.Body
	return body.Size() <= smallBody && !body.Whole()
}

// join writes p behind what is held, or holds both where more follows. Of what was held, nothing is
// reported a second time.
func (c *conn) join(p []byte) (int, error) {
	before := len(c.held)
	c.held = append(c.held, p...)
	if before < smallBody && c.waits() {
		return len(p), nil
	}
	n, err := c.release()
	return max(n-before, 0), err
}

// joinFrom is join for all of r, which is written as soon as it has ended.
func (c *conn) joinFrom(r io.Reader) (int64, error) {
	before := len(c.held)
	for len(c.held)-before <= smallBody {
		if cap(c.held)-len(c.held) < 512 {
			c.held = slices.Grow(c.held, 4<<10)
		}
		n, err := r.Read(c.held[len(c.held):cap(c.held)])
		c.held = c.held[:len(c.held)+n]
		if err == io.EOF {
			n, err := c.release()
			return int64(max(n-before, 0)), err
		}
		if err != nil {
			return int64(len(c.held) - before), err // nothing of the request went out
		}
	}
	n, err := c.release()
	if err != nil {
		return int64(max(n-before, 0)), err
	}
	rest, err := c.ReadFrom(r)
	return int64(n-before) + rest, err
}

// release writes what is held. Its memory is kept for the next request.
func (c *conn) release() (int, error) {
	held := c.held
	c.held = held[:0]
	return c.write(held)
}
