//go:build !windows

package file

// mark ends every name that is not a key's. Portable keys have no segment that ends in it.
const mark = "."

// badName says what the operating system has against a name.
func badName(string) string { return "" }
