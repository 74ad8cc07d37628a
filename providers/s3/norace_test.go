//go:build !race

package s3

const racing = false
