package measure

import (
	"bytes"
	"os"
	"strconv"
)

// resetPeak makes the kernel forget the peak before the work. It is 0600 in /proc, and fails only
// where /proc is not ours.
func resetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// resident is a size of /proc/self/status: VmRSS, or its peak, VmHWM. The ru_maxrss of getrusage
// would include the process that started this one.
func resident(name string) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte(name))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
