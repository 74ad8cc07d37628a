//go:build !race

package torture

const defaultHistories = 100 // see race_test.go
