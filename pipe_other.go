//go:build !unix

package storage

const openNonblock = 0

// isUnread is false: named pipes are no files here.
func isUnread(error) bool { return false }
