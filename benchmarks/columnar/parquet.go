package columnar

import (
	"context"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/work"
)

// readParquet reads all rows of a table by parquet-go.
func readParquet(ctx context.Context, s subject.Subject, t work.Task, r *measure.Result) error {
	return work.ReadFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
		f, err := parquet.OpenFile(at, size)
		if err != nil {
			return 0, err
		}
		rows := parquet.NewGenericReader[record](f)
		defer rows.Close()
		buf, n := make([]record, 1024), 0
		for {
			m, err := rows.Read(buf)
			n += m
			if errors.Is(err, io.EOF) {
				return n, nil
			}
			if err != nil {
				return n, err
			}
		}
	})
}
