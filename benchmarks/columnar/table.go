package columnar

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/parquet-go/parquet-go"
)

// Rows is how many the table has.
const Rows = 160_000

const group = 32_000 // rows

// record is a row of the table.
type record struct {
	ID    int64   `parquet:"id"`
	Value float64 `parquet:"value"`
	Time  int64   `parquet:"time"`
	City  string  `parquet:"city,dict"`
	Name  string  `parquet:"name"`
}

// MakeTable makes a Parquet file of about 6 MB.
func MakeTable() ([]byte, error) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b, parquet.MaxRowsPerRowGroup(group))
	random := rand.New(rand.NewPCG(3, 4))
	rows := make([]record, 0, group)
	for i := range Rows {
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
