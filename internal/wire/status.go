package wire

import (
	"errors"
	"net/http"

	"github.com/polystore/storage"
)

// KindOfStatus is the Kind of an answer that says nothing beside its status. Of a conflict it is nil: each service has its own.
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
