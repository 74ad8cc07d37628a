package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// fsType returns the number of the file system that f is on, 0 if it is not known.
func fsType(f *os.File) uint32 {
	var st unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &st) != nil {
		return 0
	}
	return uint32(st.Type)
}

// stampsRenames reports whether a rename gives the file a new ctime: POSIX leaves it open, these
// do it.
func stampsRenames(f *os.File) bool {
	switch fsType(f) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// syncAll makes everything durable that is on the file system of f. It reports false, and no error,
// where there is no such call.
func syncAll(f *os.File) (bool, error) {
	for {
		err := unix.Syncfs(int(f.Fd()))
		if err != unix.EINTR {
			return err == nil, err
		}
	}
}
