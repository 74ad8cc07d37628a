//go:build race

package gcs

// racing: the race detector has sync.Pool drop some of what it is given.
const racing = true
