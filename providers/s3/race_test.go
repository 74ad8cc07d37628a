//go:build race

package s3

// racing: the race detector has sync.Pool drop some of what it is given.
const racing = true
