package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// maxDirBuffer is how much of a directory one system call reads: the names of some 400,000 files,
// if they are short.
const maxDirBuffer = 16 << 20

// maxPasses bounds how often a directory is read again because it may not have been seen whole.
const maxPasses = 32

// readDir calls l.visit for each name in the directory, for some more than once, until it returns
// false.
//
// The kernel holds writers off during a system call, and only then. Between two calls a name whose
// file is replaced can go, on tmpfs and Btrfs, to where the next call does not look: it is not
// seen, although it was there all the time. So a directory that one call did not get to the end of,
// because the buffer was full or a signal came, is begun again, with a larger buffer as far as that
// goes.
//
// Btrfs shows a directory as it was when it was opened or rewound: a name whose file was replaced
// since is not seen at all. There it is read again until it did not change meanwhile.
func (s *Store) readDir(ctx context.Context, l *listing) error {
	pooled := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(pooled)
	buffer := *pooled
	snapshots := fsType(l.d) == unix.BTRFS_SUPER_MAGIC
	for range maxPasses {
		before, err := l.d.Stat()
		if err != nil {
			return err
		}
		if _, err := l.d.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if s.rewound != nil {
			s.rewound()
		}
		calls, full, err := readOnce(ctx, l, buffer)
		if err != nil || calls < 0 {
			return err
		}
		whole := calls <= 1
		if snapshots && whole {
			after, err := l.d.Stat()
			if err != nil {
				return err
			}
			whole = ctime(before) == ctime(after) && time.Since(after.ModTime()) > clockTick
		}
		if whole || full && len(buffer) >= maxDirBuffer {
			return nil
		}
		if full {
			buffer = make([]byte, min(8*len(buffer), maxDirBuffer))
		}
	}
	return nil
}

// clockTick is longer than the clock of the file systems that keep nanoseconds stands still.
const clockTick = 20 * time.Millisecond

// readOnce reads a directory to its end, and reports by how many calls that had names, and whether
// the first of them filled the buffer. calls is negative where visit does not want more.
func readOnce(ctx context.Context, l *listing, buffer []byte) (calls int, full bool, err error) {
	const largest = 24 + 256 // bytes of one name with what belongs to it
	for {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		n, err := unix.ReadDirent(int(l.d.Fd()), buffer)
		for err == unix.EINTR {
			n, err = unix.ReadDirent(int(l.d.Fd()), buffer)
		}
		if n <= 0 || err != nil {
			return calls, full, err
		}
		if calls++; calls == 1 {
			full = n > len(buffer)-largest
		}
		for rest := buffer[:n]; len(rest) > 0; {
			// struct linux_dirent64, getdents64(2)
			size := binary.NativeEndian.Uint16(rest[16:])
			name, _, _ := bytes.Cut(rest[19:size], []byte{0})
			typ := rest[18]
			rest = rest[size:]
			if string(name) == "." || string(name) == ".." {
				continue
			}
			more, err := l.dirent(string(name), typ)
			if err != nil || !more {
				return -1, false, err
			}
		}
		// A larger buffer is tried at once, or the directory would be read twice for nothing.
		if calls == 1 && full && len(buffer) < maxDirBuffer {
			return 2, true, nil
		}
	}
}

func (l *listing) dirent(name string, typ byte) (more bool, err error) {
	switch typ {
	case unix.DT_REG:
		return l.visit(name, 0), nil
	case unix.DT_DIR:
		return l.visit(name, fs.ModeDir), nil
	case unix.DT_UNKNOWN: // some file systems do not tell
		fi, err := l.at.Lstat(join(l.dir, name))
		if isGone(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return l.visit(name, fi.Mode().Type()), nil
	}
	return l.visit(name, fs.ModeIrregular), nil
}
