package peers

import "io"

// ranges is an io.ReaderAt that opens a range for each call.
type ranges struct {
	size int64
	open func(off, n int64) (io.ReadCloser, error)
}

func (r ranges) ReadAt(p []byte, off int64) (int, error) {
	if off >= r.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), r.size-off)
	if n == 0 {
		return 0, nil
	}
	body, err := r.open(off, n)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	got, err := io.ReadFull(body, p[:n])
	if err == nil && n < int64(len(p)) {
		err = io.EOF
	}
	return got, err
}
