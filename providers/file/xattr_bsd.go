//go:build darwin || freebsd || netbsd

package file

import (
	"errors"
	"os"
	"syscall"

	"github.com/pkg/xattr"
)

// getXattr returns nil where the file has none.
func getXattr(f *os.File) ([]byte, error) {
	b, err := xattr.FGet(f, xattrName)
	for _, none := range [...]error{
		xattr.ENOATTR, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.EPERM,
	} {
		if errors.Is(err, none) {
			return nil, nil
		}
	}
	return b, err
}
