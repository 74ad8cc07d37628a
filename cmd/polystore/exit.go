package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/polystore/storage"
)

// The exit codes, as README.md and docs/command.md have them.
const (
	exitOK           = 0
	exitFailed       = 1   // at least in part
	exitUsage        = 2   // or what the service cannot take
	exitNotFound     = 3   // an object, a bucket or a local file
	exitDenied       = 4   // by the service or by the file system
	exitPrecondition = 6   // of --if-absent, --if-match or --source-if-match
	exitSignal       = 128 // plus the signal's number: 130 SIGINT (Ctrl-C), 143 SIGTERM, 129 SIGHUP
)

// errReported ends a command whose failures have been printed already, one by one.
var errReported = errors.New("some failed")

// usageError is a mistake in the arguments.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// deniedError is a refusal that is none of a permission by its kind.
type deniedError struct{ err error }

func (e *deniedError) Error() string { return e.err.Error() }
func (e *deniedError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// notFound is an ErrNotExist of the command's own.
func notFound(format string, args ...any) error {
	return &storage.Error{Kind: storage.ErrNotExist, Err: fmt.Errorf(format, args...)}
}

// exitCode says how a command ended.
func exitCode(err error) int {
	var wrong *usageError
	var denied *deniedError
	var interrupted *interruptedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &interrupted):
		return interrupted.signal.code()
	case errors.Is(err, errReported):
		return exitFailed
	case errors.As(err, &denied):
		return exitDenied
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
