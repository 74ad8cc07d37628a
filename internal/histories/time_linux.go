package histories

import "golang.org/x/sys/unix"

// machineTime is the time since the machine was started, in nanoseconds, the same for all
// processes.
func machineTime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // not with these arguments
	}
	return ts.Nano()
}
