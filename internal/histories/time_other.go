//go:build !linux

package histories

import "time"

// machineTime is the time of the wall clock, in nanoseconds.
func machineTime() int64 { return time.Now().UnixNano() }
