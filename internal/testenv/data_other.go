//go:build !linux

package testenv

// memoryDir returns "": there is no directory in memory that every such system has.
func memoryDir() string { return "" }
