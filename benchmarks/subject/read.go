package subject

import (
	"fmt"
	"io"
)

// ReadAll reads a response of a known size and its end, and closes it.
func ReadAll(r io.ReadCloser, buf []byte) error {
	defer r.Close()
	if _, err := io.ReadFull(r, buf); err != nil {
		return err
	}
	// The end: some readers check their sums there, and a connection is kept after it.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("more than %d bytes: %w", len(buf), err)
	}
	return nil
}
