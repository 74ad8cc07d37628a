package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/polystore/storage"
)

func kind(k error) error { return &storage.Error{Kind: k} }

// errInTheWay says that a key cannot be stored beside what another program has made.
var errInTheWay = errors.New("another program's file is in the way")

// classify gives err as a *storage.Error. An error of the file system that fits no kind, a full
// disk among them, keeps Kind nil: to try again would not help. It does where the process, or the
// system, has too many files open at the moment.
func classify(err error) error {
	var e *storage.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	e = &storage.Error{Err: err}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, os.ErrClosed):
		e.Kind = storage.ErrClosed
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Kind = storage.ErrPermission
	case isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EINTR,
		syscall.EBUSY, syscall.ETIMEDOUT, syscall.ENOLCK, syscall.ESTALE), errors.Is(err, errMoved):
		e.Kind = storage.ErrUnavailable
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, errInTheWay),
		// Looked at again and again, it stays: another program's directory is where the file of the
		// key has to go, or its file where a directory has to.
		isAny(err, syscall.ENOTEMPTY, syscall.EEXIST, syscall.EISDIR, syscall.ENOTDIR):
		e.Kind = storage.ErrInvalidKey
	case errors.Is(err, errors.ErrUnsupported):
		e.Kind = errors.ErrUnsupported
	}
	return e
}

func isAny(err error, errnos ...syscall.Errno) bool {
	return slices.ContainsFunc(errnos, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// inDoubt is classify for what went wrong after the change became visible.
func inDoubt(err error) error {
	var e *storage.Error
	if err = classify(err); errors.As(err, &e) {
		c := *e
		c.InDoubt = true
		return &c
	}
	return err
}

func isInDoubt(err error) bool {
	var e *storage.Error
	return errors.As(err, &e) && e.InDoubt
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// isGone reports whether a path, or a directory on the way to it, is not there.
func isGone(err error) bool { return isNotExist(err) || isNotDir(err) }

// isMoved reports whether what was found a moment ago is something else by now: gone, or a file
// where there was a directory, or the other way round.
func isMoved(err error) bool {
	return isGone(err) || errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.EISDIR)
}
