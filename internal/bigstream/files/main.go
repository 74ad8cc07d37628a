// Command files moves a stream to a directory or S3 and back.
package main

import (
	"github.com/polystore/storage/internal/bigstream/move"
	_ "github.com/polystore/storage/providers/file"
	_ "github.com/polystore/storage/providers/s3"
)

func main() { move.Main() }
