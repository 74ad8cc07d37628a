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

// The kinds of failure. Every error that a [Bucket] returns is an [*Error] whose Kind is one of these, or nil where the
// failure fits none of them (the error of a caller's own source, a cancelled context). Test for them with [errors.Is].
//
// [errors.ErrUnsupported] is a kind, too: the service, or the driver, cannot do what was asked.
var (
	ErrNotExist   = fs.ErrNotExist   // no such object, version or upload
	ErrExist      = fs.ErrExist      // IfAbsent, and the object exists: this write did not happen
	ErrPermission = fs.ErrPermission // refused for want of credentials or rights; never "not found"
	ErrClosed     = fs.ErrClosed     // the Bucket, Reader or Writer is closed
	ErrInvalid    = fs.ErrInvalid    // an argument that no service would take; nothing was sent

	// ErrInvalidKey is the ErrInvalid of keys: errors.Is(err, ErrInvalid) holds, too.
	ErrInvalidKey error = invalidKeyError{}

	ErrPrecondition   = errors.New("precondition failed")      // the object is not the one that IfMatch names: nothing was changed
	ErrNotModified    = errors.New("not modified")             // the object is still the one that IfNoneMatch names
	ErrRange          = errors.New("range not satisfiable")    // the range begins at or behind the end of the object
	ErrThrottled      = errors.New("throttled")                // the service asks for fewer requests; nothing was done
	ErrUnavailable    = errors.New("service unavailable")      // the service could not be reached or failed; see Error.InDoubt
	ErrIntegrity      = errors.New("checksum mismatch")        // the bytes are not those that the checksum was made of
	ErrChanged        = errors.New("object changed")           // the object was replaced while it was being read
	ErrUnknownOutcome = errors.New("outcome of write unknown") // the write may have happened, and it cannot be found out
	ErrNoBucket       = errors.New("no such bucket")           // the bucket or container does not exist

	// ErrNotCommitted is what Writer.Close returns if there was no Commit: nothing was written.
	ErrNotCommitted = errors.New("not committed")
)

type invalidKeyError struct{}

func (invalidKeyError) Error() string        { return "invalid key" }
func (invalidKeyError) Is(target error) bool { return target == ErrInvalid }

// kinds is every sentinel that can stand in Error.Kind.
var kinds = [...]error{
	ErrNotExist, ErrExist, ErrPermission, ErrClosed, ErrInvalid, ErrInvalidKey,
	ErrPrecondition, ErrNotModified, ErrRange, ErrThrottled, ErrUnavailable,
	ErrIntegrity, ErrChanged, ErrUnknownOutcome, ErrNoBucket, ErrNotCommitted, errors.ErrUnsupported,
}

// Error is the one error type of this package. A driver fills Kind, Status, Code, RequestID, RetryAfter, InDoubt and
// Err; the Bucket fills the rest and passes it on.
//
// It has no Unwrap on purpose: [errors.Is] answers for the sentinels of this package by Kind alone, so that a missing
// credentials file deep inside never reads as "object does not exist". For every other target Is looks into Err, and
// [errors.As] does the same, so an error of a service's SDK can still be had.
type Error struct {
	Op         string        // the method of Bucket or Store: "Put"
	Key        string        // the key as the caller gave it; empty where there is none
	Kind       error         // one of the sentinels, or nil
	Status     int           // the HTTP status of the last answer; 0 where there was none
	Code       string        // the service's own error code: "NoSuchKey"
	RequestID  string        // what the service's support asks for
	RetryAfter time.Duration // what the service asked to wait; 0 where it did not say
	InDoubt    bool          // the request may have been carried out although it failed
	Attempts   int           // requests that were made for this call's last step
	Err        error         // the cause: an SDK's error, a source's, ctx.Err(); may be nil
}

// Error says what was done to which key, the kind, the service's code and the cause. It contains no credentials and no
// signed URL as long as Err does not; drivers see to that.
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

// kindText is the text of a kind. Those of io/fs speak of files.
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

// Is reports whether e is of the kind target, if target is one of the sentinels of this package, and otherwise whether
// any error in Err's tree matches target. An error of a kind never is [io.EOF], which a connection that breaks may say deep
// inside: a loop of reads would take the failure for the end.
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

// As finds an error in Err's tree that fits target, as [errors.As] does.
func (e *Error) As(target any) bool { return e.Err != nil && errors.As(e.Err, target) }

// asError gives err as an *Error of this call's own that may be written to. An error that a Store did not classify is of no
// kind and in doubt: nobody knows how far the request came.
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

// wrap gives err the name of the Bucket's method and the key as the caller knows it.
func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	e.Op, e.Key = op, key
	return e
}

// kindOf returns the sentinel that an error of the caller's own matches, nil where there is none. It is never
// ErrUnknownOutcome, which would speak of a write that was not begun.
func kindOf(err error) error {
	for _, k := range slices.Backward(kinds[:]) { // ErrInvalidKey before ErrInvalid
		if k != ErrUnknownOutcome && errors.Is(err, k) {
			return k
		}
	}
	return nil
}

// invalid is an ErrInvalid with a reason.
func invalid(format string, args ...any) *Error {
	return &Error{Kind: ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// maxNamedKeys is how many failed keys a DeleteError names.
const maxNamedKeys = 1000

// DeleteError says which keys of a DeleteMany or DeletePrefix are still there. Get at it with [errors.As].
type DeleteError struct {
	Errors []*Error // one for each key that failed, with its Key; the first 1,000
	Failed int      // how many keys failed in all
}

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
