//go:build race

package azure

// racing: the race detector has sync.Pool drop some of what it is given.
const racing = true
