// Package columnar has the operations on a Parquet file, and the file. A program that imports it
// links parquet-go and arrow-go.
package columnar

import "github.com/polystore/storage/benchmarks/work"

// Ops are the operations, by their names.
func Ops() map[string]work.Op {
	return map[string]work.Op{"parquet": readParquet, "arrow": readArrow}
}
