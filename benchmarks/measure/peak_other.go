//go:build !linux

package measure

func resetPeak() {}

// resident is not known here.
func resident(string) int64 { return 0 }
