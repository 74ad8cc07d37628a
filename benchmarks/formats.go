package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/parquet-go/parquet-go"
)

// record is a row of the table.
type record struct {
	ID    int64   `parquet:"id"`
	Value float64 `parquet:"value"`
	Time  int64   `parquet:"time"`
	City  string  `parquet:"city,dict"`
	Name  string  `parquet:"name"`
}

const (
	zipFiles   = 200
	zipFile    = 8 << 10
	tableRows  = 160_000
	tableGroup = 32_000 // rows
)

// makeZip makes an archive of random files.
func makeZip() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	random := rand.NewChaCha8([32]byte{2})
	for i := range zipFiles {
		w, err := z.Create(fmt.Sprintf("dir/%03d", i))
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(w, random, zipFile); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// makeTable makes a Parquet file of about 6 MB.
func makeTable() ([]byte, error) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b, parquet.MaxRowsPerRowGroup(tableGroup))
	random := rand.New(rand.NewPCG(3, 4))
	rows := make([]record, 0, tableGroup)
	for i := range tableRows {
		rows = append(rows, record{
			ID: int64(i), Value: random.Float64(), Time: random.Int64(),
			City: fmt.Sprint("city ", random.IntN(100)), Name: fmt.Sprintf("%08x", random.Uint32()),
		})
		if len(rows) == cap(rows) {
			if _, err := w.Write(rows); err != nil {
				return nil, err
			}
			rows = rows[:0]
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
