// Package lean is what the program links in which this library and the floors are measured: nothing
// of a peer, so that its resident set is that of a program that uses the library.
package lean

import (
	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/subject/floor"
	"github.com/polystore/storage/benchmarks/subject/us"
	"github.com/polystore/storage/benchmarks/work"
	_ "github.com/polystore/storage/providers/file"   // the scheme
	_ "github.com/polystore/storage/providers/memory" // the scheme
	_ "github.com/polystore/storage/providers/s3"     // the scheme
)

// Program returns what it measures. Where the provider is built on the SDK of a peer, as those of
// GCS and Azure are, this library is measured in the program of the peers.
func Program() work.Program {
	return work.Program{
		Subjects: subject.Set{
			"us": us.Open, "floor": floor.Open, "os": floor.OpenOS, "heap": floor.OpenHeap,
		},
		Ops:      work.Ops(),
		Services: []string{"s3", "file", "memory"},
	}
}
