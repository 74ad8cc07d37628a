//go:build !race

package gcs

const racing = false
