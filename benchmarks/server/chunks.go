package server

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// chunks decodes the aws-chunked encoding: "size;signature", the bytes, and trailers at the end.
type chunks struct {
	r       *bufio.Reader
	left    int64
	any     bool
	err     error
	trailer http.Header // what came at the end
}

// newChunks returns a decoder with a small buffer: what is in it, beside the size of a chunk, is
// copied once more.
func newChunks(r io.Reader) *chunks {
	return &chunks{r: bufio.NewReaderSize(r, 1<<10), trailer: make(http.Header)}
}

var errChunk = errors.New("malformed chunk")

func (c *chunks) Read(p []byte) (int, error) {
	if c.err == nil && c.left == 0 {
		c.err = c.head()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	c.err = err
	return n, nil
}

// head reads the line before a chunk, and after the last one the trailers.
func (c *chunks) head() error {
	if c.any {
		if line, err := c.r.ReadString('\n'); err != nil || line != "\r\n" {
			return errChunk
		}
	}
	c.any = true
	line, err := c.r.ReadString('\n')
	if err != nil {
		return errChunk
	}
	size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
	if c.left, err = strconv.ParseInt(size, 16, 64); err != nil {
		return errChunk
	}
	if c.left > 0 {
		return nil
	}
	for {
		line, err := c.r.ReadString('\n')
		name, value, found := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case found:
			c.trailer.Set(name, strings.TrimSpace(value))
		case err == io.EOF:
			return io.EOF
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
}
