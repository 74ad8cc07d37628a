package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of failure. Every error that a [Bucket] returns is an [*Error] whose Kind is one of
// these, or nil if none fits, as for an error of the caller's source or a cancelled context. Test
// for a kind with [errors.Is].
//
// [errors.ErrUnsupported] is a kind as well: the service or the driver cannot do what was asked.
var (
	// ErrNotExist: the object, version or upload does not exist.
	ErrNotExist = fs.ErrNotExist

	// ErrExist: IfAbsent was given and the object exists. This write did not happen.
	ErrExist = fs.ErrExist

	// ErrPermission: the credentials are missing, wrong or lack a right. It never stands for a
	// missing object unless the service itself hides that the object is missing.
	ErrPermission = fs.ErrPermission

	// ErrClosed: the Bucket, Reader or Writer is closed.
	ErrClosed = fs.ErrClosed

	// ErrInvalid: an argument is wrong. Nothing was stored.
	ErrInvalid = fs.ErrInvalid

	// ErrInvalidKey is ErrInvalid for a key. errors.Is(err, ErrInvalid) holds as well.
	ErrInvalidKey error = invalidKeyError{}

	// ErrPrecondition: the object is not the version that IfMatch names. Nothing was changed.
	ErrPrecondition = errors.New("precondition failed")

	// ErrNotModified: the object is still the version that IfNoneMatch names, or was not modified
	// after IfModifiedSince.
	ErrNotModified = errors.New("not modified")

	// ErrRange: the range begins at or after the end of the object.
	ErrRange = errors.New("range not satisfiable")

	// ErrThrottled: the service asks for fewer requests. Nothing was done.
	ErrThrottled = errors.New("throttled")

	// ErrUnavailable: the service failed or could not be reached. See Error.InDoubt.
	ErrUnavailable = errors.New("service unavailable")

	// ErrIntegrity: the bytes do not have the checksum that they should have.
	ErrIntegrity = errors.New("checksum mismatch")

	// ErrChanged: the object was replaced or deleted while it was being read.
	ErrChanged = errors.New("object changed")

	// ErrUnknownOutcome: the write may have happened, and it cannot be determined whether it did.
	ErrUnknownOutcome = errors.New("outcome of write unknown")

	// ErrNoBucket: the bucket or container does not exist.
	ErrNoBucket = errors.New("no such bucket")

	// ErrNotCommitted: a Writer was closed without Commit. Nothing was written.
	ErrNotCommitted = errors.New("not committed")
)

type invalidKeyError struct{}

func (invalidKeyError) Error() string        { return "invalid key" }
func (invalidKeyError) Is(target error) bool { return target == ErrInvalid }

// kinds is every sentinel that can stand in Error.Kind.
var kinds = [...]error{
	ErrNotExist, ErrExist, ErrPermission, ErrClosed, ErrInvalid, ErrInvalidKey,
	ErrPrecondition, ErrNotModified, ErrRange, ErrThrottled, ErrUnavailable,
	ErrIntegrity, ErrChanged, ErrUnknownOutcome, ErrNoBucket, ErrNotCommitted,
	errors.ErrUnsupported,
}

// Error is the error type of this package. A driver fills Kind, Status, Code, RequestID,
// RetryAfter, InDoubt and Err. Bucket fills the rest.
//
// Error deliberately has no Unwrap method. [errors.Is] compares the sentinels of this package with
// Kind alone, so a missing credentials file in Err never reads as a missing object. For any other
// target Is looks into Err. [errors.As] looks into Err as well and finds the error of an SDK.
type Error struct {
	Op         string        // the method of Bucket or Store: "Put"
	Key        string        // the key as the caller gave it; empty if there is none
	Kind       error         // one of the sentinels, or nil
	Status     int           // the HTTP status of the last response; 0 if there was none
	Code       string        // the service's own error code: "NoSuchKey"
	RequestID  string        // the service's ID of the request, for its support
	RetryAfter time.Duration // how long the service asked to wait; 0 if it did not say
	InDoubt    bool          // the request failed but may have been carried out
	Attempts   int           // attempts of the last request of the call
	Err        error         // the cause: an error of an SDK, a source or a context; may be nil
}

// Error returns the method, the key, the kind, the service's code and the cause. It contains no
// credentials and no signed URL, provided that Err does not; drivers make sure of that.
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString("storage:")
	if e.Op != "" {
		s.WriteString(" " + e.Op)
	}
	if e.Key != "" {
		s.WriteString(" " + strconv.Quote(e.Key))
	}
	if s.Len() > len("storage:") {
		s.WriteString(":")
	}
	switch {
	case e.Kind != nil:
		s.WriteString(" " + kindText(e.Kind))
	case e.Err == nil:
		s.WriteString(" failed")
	}
	if e.Code != "" || e.Status != 0 {
		fmt.Fprintf(&s, " (%s)", strings.TrimSpace(statusText(e.Status)+" "+e.Code))
	}
	if e.Err != nil && e.Err != e.Kind {
		if e.Kind != nil || e.Code != "" || e.Status != 0 {
			s.WriteString(":")
		}
		s.WriteString(" " + e.Err.Error())
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&s, " (after %d attempts)", e.Attempts)
	}
	return s.String()
}

// kindText returns the text of a kind. The texts of io/fs speak of files.
func kindText(kind error) string {
	switch kind {
	case ErrNotExist:
		return "object does not exist"
	case ErrExist:
		return "object already exists"
	case ErrClosed:
		return "already closed"
	}
	return kind.Error()
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

// Is reports whether Kind is target, if target is one of the sentinels of this package, and
// otherwise whether any error in the tree of Err matches target. An error with a Kind is never
// [io.EOF]. A broken connection can have io.EOF in its tree, and a read loop would take it for the
// end.
func (e *Error) Is(target error) bool {
	if target == io.EOF && e.Kind != nil {
		return false
	}
	for _, k := range kinds {
		if target == k {
			return e.Kind == target || target == ErrInvalid && e.Kind == ErrInvalidKey
		}
	}
	return errors.Is(e.Err, target)
}

// As finds the first error in the tree of Err that matches target, as [errors.As] does.
func (e *Error) As(target any) bool { return e.Err != nil && errors.As(e.Err, target) }

// asError returns err as an *Error that the caller may change. An error that a Store did not
// classify has no kind and is in doubt, since it does not tell how far the request came.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	e = &Error{Err: err, InDoubt: true}
	for _, k := range kinds {
		if err == k {
			e.Kind, e.Err, e.InDoubt = k, nil, k == ErrUnavailable
			return e
		}
	}
	if errors.Is(err, errors.ErrUnsupported) {
		e.Kind, e.InDoubt = errors.ErrUnsupported, false
	}
	return e
}

// isKind reports whether err is an *Error of the kind.
func isKind(err, kind error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// wrap returns err with the name of the Bucket's method and the caller's key.
func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	e.Op, e.Key = op, key
	return e
}

// kindOf returns the sentinel that an error of the caller matches, or nil. It never returns
// ErrUnknownOutcome, because no write was begun.
func kindOf(err error) error {
	for _, k := range slices.Backward(kinds[:]) { // ErrInvalidKey before ErrInvalid
		if k != ErrUnknownOutcome && errors.Is(err, k) {
			return k
		}
	}
	return nil
}

// invalid returns an ErrInvalid with a reason.
func invalid(format string, args ...any) *Error {
	return &Error{Kind: ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// maxNamedKeys is the number of failed keys that a DeleteError names.
const maxNamedKeys = 1000

// DeleteError names the keys that DeleteMany, DeletePrefix or DeleteListed could not delete. Find
// it with [errors.As].
type DeleteError struct {
	Errors []*Error // one per failed key, with its Key; at most the first 1,000
	Failed int      // the number of keys that failed
}

// Error returns the number of failed keys and the first failure.
func (e *DeleteError) Error() string {
	if len(e.Errors) == 0 {
		return fmt.Sprintf("%d keys were not deleted", e.Failed)
	}
	return fmt.Sprintf("%d keys were not deleted; the first: %v", e.Failed, e.Errors[0])
}

func (e *DeleteError) add(err *Error) {
	e.Failed++
	if len(e.Errors) < maxNamedKeys {
		e.Errors = append(e.Errors, err)
	}
}
