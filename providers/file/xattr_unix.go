//go:build linux || darwin || freebsd || netbsd

package file

import (
	"errors"
	"os"
	"syscall"

	"github.com/pkg/xattr"
)

// xattrName is in the one namespace that Linux leaves to programs.
const xattrName = "user.polystore"

// setXattr stores data with the file. It reports false, and no error, where the file system does
// not take it: no extended attributes at all, or too many bytes. For those ext4 says ENOSPC, and
// others EDQUOT, as for a full disk; whether the disk is full turns out when the sidecar is
// written.
func setXattr(f *os.File, data []byte) (bool, error) {
	err := xattr.FSet(f, xattrName, data)
	for _, refused := range [...]error{
		syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSPC, syscall.EDQUOT,
		syscall.E2BIG, syscall.ERANGE, syscall.EPERM, syscall.EINVAL,
	} {
		if errors.Is(err, refused) {
			return false, nil
		}
	}
	return err == nil, err
}

func removeXattr(f *os.File) { xattr.FRemove(f, xattrName) }
