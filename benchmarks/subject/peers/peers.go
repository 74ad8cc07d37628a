// Package peers measures what else moves objects in Go. A program that imports it links all of it.
package peers

import "github.com/polystore/storage/benchmarks/subject"

// Subjects are all of them.
func Subjects() subject.Set {
	return subject.Set{
		"aws": openAWS, "awstm": openTransferManager, "azblob": openAzblob, "gcs": openGCS,
		"gocdk": openGoCDK, "minio": openMinIO, "thanos": openThanos,
	}
}
