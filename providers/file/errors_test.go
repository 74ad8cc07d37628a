package file

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// What the system reports has a kind, and is never taken for an answer about the object.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want error
	}{
		{syscall.ENOTEMPTY, storage.ErrInvalidKey},
		{syscall.EEXIST, storage.ErrInvalidKey},
		{syscall.EISDIR, storage.ErrInvalidKey},
		{syscall.ENOTDIR, storage.ErrInvalidKey},
		{syscall.ENAMETOOLONG, storage.ErrInvalidKey},
		{errInTheWay, storage.ErrInvalidKey},
		{syscall.EMFILE, storage.ErrUnavailable},
		{syscall.ENFILE, storage.ErrUnavailable},
		{syscall.ENOMEM, storage.ErrUnavailable},
		{syscall.EAGAIN, storage.ErrUnavailable},
		{syscall.EINTR, storage.ErrUnavailable},
		{syscall.EBUSY, storage.ErrUnavailable},
		{syscall.ESTALE, storage.ErrUnavailable},
		{errMoved, storage.ErrUnavailable},
		{syscall.EACCES, storage.ErrPermission},
		{syscall.EPERM, storage.ErrPermission},
		{syscall.EROFS, storage.ErrPermission},
		{syscall.ENOSYS, errors.ErrUnsupported},
		{syscall.ENOSPC, nil},
		{syscall.EIO, nil},
	} {
		var e *storage.Error
		err := classify(&fs.PathError{Op: "rename", Path: "k", Err: tt.err})
		if !errors.As(err, &e) || e.Kind != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v is %v, want %v", tt.err, err, tt.want)
		}
		if tt.want != nil && errors.Is(e.Kind, storage.ErrExist) {
			t.Errorf("%v is ErrExist", tt.err)
		}
	}
}
