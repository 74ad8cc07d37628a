package file

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A watch tells the names that come to directories. The kernel queues a name before the system call
// that made it returns, so what was there before read is called is among what it reads.
type watch struct {
	f *os.File // of inotify; nil: none yet
}

// watched are the file systems whose every change passes through this kernel. That is not so on
// network file systems, in overlays and in FUSE.
func watched(fd int) bool {
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// add watches an open directory. It returns 0 if it cannot: the system has few watches.
func (w *watch) add(d *handle) int {
	if !d.fast() || !watched(d.fd) {
		return 0
	}
	if w.f == nil {
		// Without IN_NONBLOCK, which would have the runtime poll it.
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			return 0
		}
		w.f = os.NewFile(uintptr(fd), "inotify")
	}
	wd, err := unix.InotifyAddWatch(int(w.f.Fd()), fmt.Sprintf("/proc/self/fd/%d", d.fd),
		unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR)
	if err != nil {
		return 0
	}
	return wd
}

func (w *watch) remove(wd int) {
	if w.f != nil && wd != 0 {
		unix.InotifyRmWatch(int(w.f.Fd()), uint32(wd))
	}
}

// read calls came for each name that has come to a watched directory since the last time, and gone
// for each directory that is watched no longer. It reports false if the system has lost something.
func (w *watch) read(came func(wd int, name string, typ fs.FileMode), gone func(wd int)) bool {
	if w.f == nil {
		return true
	}
	fd := int(w.f.Fd())
	buffer := make([]byte, 64<<10)
	for {
		// A read of nothing would wait.
		waiting, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
		if err != nil {
			return false
		}
		if waiting == 0 {
			return true
		}
		n, err := uninterrupted(func() (int, error) { return unix.Read(fd, buffer) })
		if err != nil {
			return false
		}
		for rest := buffer[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			// struct inotify_event, inotify(7)
			wd := int(int32(binary.NativeEndian.Uint32(rest)))
			mask := binary.NativeEndian.Uint32(rest[4:])
			size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rest[12:]))
			name, _, _ := strings.Cut(string(rest[unix.SizeofInotifyEvent:size]), "\x00")
			rest = rest[size:]
			switch {
			case mask&unix.IN_Q_OVERFLOW != 0:
				return false
			case mask&(unix.IN_IGNORED|unix.IN_UNMOUNT) != 0:
				gone(wd)
			case mask&unix.IN_ISDIR != 0:
				came(wd, name, fs.ModeDir)
			default:
				came(wd, name, 0) // or a link; what it is shows when it is opened
			}
		}
	}
}

func (w *watch) close() {
	if w.f != nil {
		w.f.Close()
		w.f = nil
	}
}
