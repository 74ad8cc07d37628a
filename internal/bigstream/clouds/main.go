// Command clouds moves a stream to Cloud Storage and Azure Blob Storage and back.
package main

import (
	"github.com/polystore/storage/internal/bigstream/move"
	_ "github.com/polystore/storage/providers/azure"
	_ "github.com/polystore/storage/providers/gcs"
)

func main() { move.Main() }
