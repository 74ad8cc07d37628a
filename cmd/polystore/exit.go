package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/polystore/storage"
)

// The exit codes.
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitDenied       = 4
	exitPrecondition = 6
)

// errReported ends a command whose failures have been printed already, one by one.
var errReported = errors.New("some failed")

// usageError is a mistake in the arguments.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// notFound is an ErrNotExist of the command's own.
func notFound(format string, args ...any) error {
	return &storage.Error{Kind: storage.ErrNotExist, Err: fmt.Errorf(format, args...)}
}

// exitCode says how a command ended.
func exitCode(err error) int {
	var wrong *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitFailed
	case errors.As(err, &wrong), errors.Is(err, storage.ErrInvalid):
		return exitUsage
	case errors.Is(err, storage.ErrNotExist), errors.Is(err, storage.ErrNoBucket):
		return exitNotFound
	case errors.Is(err, storage.ErrPermission):
		return exitDenied
	case errors.Is(err, storage.ErrPrecondition), errors.Is(err, storage.ErrExist):
		return exitPrecondition
	}
	return localCode(err)
}

// localCode is for the files of this machine, which are not the Bucket's: an *storage.Error answers
// for its own kinds alone.
func localCode(err error) int {
	var pe *fs.PathError
	switch {
	case !errors.As(err, &pe):
		return exitFailed
	case errors.Is(pe, fs.ErrNotExist):
		return exitNotFound
	case errors.Is(pe, fs.ErrPermission):
		return exitDenied
	}
	return exitFailed
}

// oneLine is the text of err without line feeds and without the library's name.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(line), "storage: ")
	}
	return strings.Join(lines, "; ")
}
