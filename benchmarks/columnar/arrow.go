package columnar

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/work"
)

// readArrow reads one column of a table by arrow-go.
func readArrow(ctx context.Context, s subject.Subject, t work.Task, r *measure.Result) error {
	return work.ReadFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
		f, err := file.NewParquetReader(struct {
			io.ReaderAt
			io.Seeker
		}{at, io.NewSectionReader(at, 0, size)})
		if err != nil {
			return 0, err
		}
		defer f.Close()
		columns, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{},
			memory.DefaultAllocator)
		if err != nil {
			return 0, err
		}
		groups := make([]int, f.NumRowGroups())
		for i := range groups {
			groups[i] = i
		}
		table, err := columns.ReadRowGroups(ctx, []int{1}, groups)
		if err != nil {
			return 0, err
		}
		defer table.Release()
		return int(table.NumRows()), nil
	})
}
