package httpdriver

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/polystore/storage"
)

// KindOfStatus returns the kind of an answer that says nothing beside its status. Of a success, and
// of a conflict, which each service has its own of, it is nil.
func KindOfStatus(status int) error {
	switch status {
	case http.StatusNotModified:
		return storage.ErrNotModified
	case http.StatusUnauthorized, http.StatusForbidden:
		return storage.ErrPermission
	case http.StatusNotFound:
		return storage.ErrNotExist
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return errors.ErrUnsupported
	case http.StatusRequestTimeout:
		return storage.ErrUnavailable
	case http.StatusConflict:
		return nil
	case http.StatusPreconditionFailed:
		return storage.ErrPrecondition
	case http.StatusRequestedRangeNotSatisfiable:
		return storage.ErrRange
	case http.StatusTooManyRequests:
		return storage.ErrThrottled
	}
	switch status / 100 {
	case 3, 4: // a redirect is not followed: the signature is for one host
		return storage.ErrInvalid
	case 5:
		return storage.ErrUnavailable
	}
	return nil
}

// RetryAfter reads a Retry-After header, in seconds or a date; 0 where it says nothing.
func RetryAfter(header string) time.Duration {
	if n, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(time.Until(t), 0)
	}
	return 0
}
