// Package all registers the URL schemes of every provider of this module. It is for commands that
// open any URL they are given. A program that knows its provider imports that provider alone, and
// links no other SDK.
package all

import (
	_ "github.com/polystore/storage/providers/azure"
	_ "github.com/polystore/storage/providers/file"
	_ "github.com/polystore/storage/providers/gcs"
	_ "github.com/polystore/storage/providers/memory"
	_ "github.com/polystore/storage/providers/s3"
)
