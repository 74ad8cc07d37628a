package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/parquet-go/parquet-go"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// readZip reads all files of an archive through the subject's ReaderAt.
func readZip(ctx context.Context, s subject.Subject, t task, r *measure.Result) error {
	return readFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
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

// readParquet reads all rows of a table by parquet-go.
func readParquet(ctx context.Context, s subject.Subject, t task, r *measure.Result) error {
	return readFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
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

// readArrow reads one column of a table by arrow-go.
func readArrow(ctx context.Context, s subject.Subject, t task, r *measure.Result) error {
	return readFormat(ctx, s, t, r, func(at io.ReaderAt, size int64) (int, error) {
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

// readFormat measures read, which returns how many things it found.
func readFormat(
	ctx context.Context, s subject.Subject, t task, r *measure.Result,
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
