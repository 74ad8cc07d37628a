package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// maxDirBuffer is how much of a directory one system call reads: the names of some 400,000 files,
// if they are short.
const maxDirBuffer = 16 << 20

// readDir calls visit for each name in an open directory, for some twice, until it returns false.
//
// The kernel holds writers off during a system call, and only then. Between two calls a name whose
// file is replaced can go, on tmpfs and Btrfs, to where the next call does not look: it is not
// seen, although it was there all the time. So a directory that one call did not get to the end of
// is begun again with a larger buffer, as far as that goes.
func (s *Store) readDir(
	ctx context.Context, d *os.File, dir string, visit func(name string, typ fs.FileMode) bool,
) error {
	pooled := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(pooled)
	buffer := *pooled
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := unix.ReadDirent(int(d.Fd()), buffer)
		for err == unix.EINTR {
			n, err = unix.ReadDirent(int(d.Fd()), buffer)
		}
		if n <= 0 || err != nil {
			return err
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
			more, err := s.visitDirent(dir, string(name), typ, visit)
			if err != nil || !more {
				return err
			}
		}
		const largest = 24 + 256 // bytes of one name with what belongs to it
		if first && n > len(buffer)-largest && len(buffer) < maxDirBuffer {
			if _, err := d.Seek(0, io.SeekStart); err != nil {
				return err
			}
			buffer = make([]byte, min(8*len(buffer), maxDirBuffer))
			first = true
		}
	}
}

func (s *Store) visitDirent(
	dir, name string, typ byte, visit func(name string, typ fs.FileMode) bool,
) (more bool, err error) {
	switch typ {
	case unix.DT_REG:
		return visit(name, 0), nil
	case unix.DT_DIR:
		return visit(name, fs.ModeDir), nil
	case unix.DT_UNKNOWN: // some file systems do not tell
		fi, err := s.root.Lstat(join(dir, name))
		if isGone(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return visit(name, fi.Mode().Type()), nil
	}
	return visit(name, fs.ModeIrregular), nil
}
