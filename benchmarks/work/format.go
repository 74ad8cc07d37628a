package work

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// readZip reads all files of an archive through the subject's ReaderAt.
func readZip(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	return ReadFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
		z, err := zip.NewReader(at, size)
		if err != nil {
			return 0, err
		}
		for _, f := range z.File {
			rc, err := f.Open()
			if err != nil {
				return 0, err
			}
			_, err = io.Copy(io.Discard, rc)
			if err := errors.Join(err, rc.Close()); err != nil {
				return 0, err
			}
		}
		return len(z.File), nil
	})
}

// ReadFormat measures read, which returns how many things it found.
func ReadFormat(
	ctx context.Context, s subject.Subject, t Task, r *measure.Result,
	read func(at io.ReaderAt, size int64) (int, error),
) error {
	span := measure.Begin()
	at, size, err := s.ReaderAt(ctx, t.Key)
	if err != nil {
		return err
	}
	n, err := read(at, size)
	if c, ok := at.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	span.End(r)
	r.Bytes, r.Ops = size, 1
	if err == nil && n != t.Count {
		err = fmt.Errorf("%d entries came, want %d", n, t.Count)
	}
	return err
}
