//go:build !race

package counted

const defaultWrites = 1000 // see race_test.go
