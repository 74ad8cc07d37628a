// Package all registers the URL schemes of every provider of this module. It is for commands that open whatever URL they are
// given; a program that knows its provider imports that one alone, and links no other SDK.
package all

import (
	_ "github.com/polystore/storage/providers/azure"
	_ "github.com/polystore/storage/providers/file"
	_ "github.com/polystore/storage/providers/gcs"
	_ "github.com/polystore/storage/providers/memory"
	_ "github.com/polystore/storage/providers/s3"
)
