package file

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// injector lets the nth system call on files of a directory fail, in this process. The kernel asks
// it about each call (a seccomp filter), so it must have a process of its own: a filter stays.
type injector struct {
	fd   int         // the kernel's questions
	pipe [2]*os.File // open, so that no later file is below lowest

	mu    sync.Mutex
	dir   string // calls on files below it count
	errno syscall.Errno
	at    int // the call that fails, from 1 on; 0: none
	calls []string
	hit   string // the call that failed
}

// trapped are the calls that the kernel asks about: those of files that take a descriptor first. A
// close is none of them, and neither is what the answering of a question needs.
var trapped = map[uint32]string{
	unix.SYS_OPENAT: "openat", unix.SYS_OPENAT2: "openat2", unix.SYS_MKDIRAT: "mkdirat",
	unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_UNLINKAT: "unlinkat",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_SYNCFS: "syncfs",
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_READ: "read",
	unix.SYS_PREAD64: "pread64", unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_FSETXATTR: "fsetxattr",
	unix.SYS_FGETXATTR: "fgetxattr", unix.SYS_FREMOVEXATTR: "fremovexattr",
	unix.SYS_UTIMENSAT: "utimensat", unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHMODAT: "fchmodat",
	unix.SYS_NEWFSTATAT: "newfstatat", unix.SYS_FSTAT: "fstat", unix.SYS_GETDENTS64: "getdents64",
	unix.SYS_FLOCK: "flock", unix.SYS_COPY_FILE_RANGE: "copy_file_range", unix.SYS_LINKAT: "linkat",
	unix.SYS_STATX: "statx", unix.SYS_FALLOCATE: "fallocate",
}

// The parts of the kernel's interface that the package unix does not have.
const (
	setModeFilter = 1
	notifRecv     = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV
	notifSend     = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
	goOn          = 1          // SECCOMP_USER_NOTIF_FLAG_CONTINUE
	filterFlags   = 1 | 8 | 16 // TSYNC, NEW_LISTENER, TSYNC_ESRCH
	retAllow      = 0x7fff0000
	retUserNotif  = 0x7fc00000
	lowest        = 100 // of the descriptors that the kernel asks about
)

type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// inject sets the filter for all threads of the process.
func inject() (*injector, error) {
	// The runtime has descriptors of its own, and waits for calls on them in ways that must not
	// wait for a goroutine. They are below lowest, and the files of later calls are not.
	r, w, err := os.Pipe() // makes the runtime open its own
	if err != nil {
		return nil, err
	}
	for fd := 0; fd < lowest; {
		if fd, err = unix.Dup(int(r.Fd())); err != nil {
			return nil, err
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	nrs := slices.Collect(maps.Keys(trapped))
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number
	for i, nr := range nrs {
		filter = append(filter, unix.SockFilter{
			Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(nrs) - i), K: nr,
		})
	}
	filter = append(filter,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retAllow},
		unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16}, // the descriptor
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, Jf: 1, K: lowest},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retUserNotif},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retAllow},
	)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// No goroutine of the process may make a call of a file until somebody answers.
	in := &injector{pipe: [2]*os.File{r, w}}
	ready := make(chan int)
	go in.answer(ready)
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, setModeFilter, filterFlags,
		uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		close(ready)
		return nil, fmt.Errorf("seccomp: %w", errno)
	}
	in.fd = int(fd)
	ready <- in.fd
	return in, nil
}

// answer answers the kernel until the process ends. It makes no call that is trapped.
func (in *injector) answer(ready chan int) {
	fd, ok := <-ready
	for ok {
		var n notification
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), notifRecv,
			uintptr(unsafe.Pointer(&n)))
		if errno != 0 {
			continue // the caller was interrupted
		}
		a := answer{id: n.id, flags: goOn}
		failure, counted := in.decide(&n)
		if failure != 0 {
			a.errno, a.flags = -int32(failure), 0
		}
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), notifSend,
			uintptr(unsafe.Pointer(&a)))
		if errno != 0 && counted {
			in.takeBack() // the caller was interrupted, and makes the call again
		}
	}
}

// decide returns what the call fails with, and whether it is one of those that are counted.
func (in *injector) decide(n *notification) (failure syscall.Errno, counted bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dir == "" {
		return 0, false
	}
	var link [4096]byte
	path := fmt.Sprintf("/proc/self/fd/%d", int32(n.args[0]))
	size, err := unix.Readlink(path, link[:])
	if err != nil || !strings.HasPrefix(string(link[:size]), in.dir) {
		return 0, false
	}
	name := trapped[uint32(n.nr)]
	if in.calls = append(in.calls, name); len(in.calls) != in.at {
		return 0, true
	}
	in.hit = name
	return in.errno, true
}

// takeBack takes the last call back. It did not get its answer.
func (in *injector) takeBack() {
	in.mu.Lock()
	defer in.mu.Unlock()
	last := len(in.calls) - 1
	if last < 0 {
		return // it was of those before arm
	}
	in.calls = in.calls[:last]
	if last+1 == in.at {
		in.hit = ""
	}
}

// made returns the calls since arm.
func (in *injector) made() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.calls
}

// arm lets the call number at below dir fail. disarm ends that and returns what failed; "": nothing
// did.
func (in *injector) arm(dir string, at int, errno syscall.Errno) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.dir, in.at, in.errno, in.calls, in.hit = dir, at, errno, nil, ""
}

func (in *injector) disarm() (hit string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.dir = ""
	return in.hit
}

// injectable says why there can be no injector, "" if there can.
func injectable() string {
	text, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if err != nil || !strings.Contains(string(text), "user_notif") {
		return "the kernel does not ask about system calls"
	}
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return "the numbers of system calls are not known here"
	}
	return ""
}
