//go:build unix && !(darwin || freebsd || netbsd)

package file

import (
	"io/fs"
	"syscall"
)

// ctime is when the file, its attributes or one of its names last changed, in nanoseconds; no
// program can set it.
func ctime(fi fs.FileInfo) int64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return int64(st.Ctim.Sec)*1e9 + int64(st.Ctim.Nsec)
	}
	return 0
}
