package driver

import (
	"time"

	"github.com/polystore/storage"
)

// The life of a signed URL: what SignOptions.Expires is by default, and the longest that every
// service grants.
const (
	DefaultExpiry = 15 * time.Minute
	MaxExpiry     = 7 * 24 * time.Hour
)

// CheckSign returns the method and the life, in whole seconds, of the URL that o asks for. It
// returns ErrInvalid for options that a signature of that method does not have, for methods other
// than GET, HEAD, PUT and DELETE, for a negative ContentLength, and for a life that is not between
// one second and [MaxExpiry].
func CheckSign(o *storage.SignOptions) (method string, life time.Duration, err error) {
	reads := o.VersionID != "" || o.ResponseContentType != "" || o.ResponseDisposition != ""
	writes := o.ContentType != "" || o.ContentLength != 0 || len(o.Metadata) > 0 || o.IfAbsent
	method, life = o.Method, o.Expires
	if method == "" {
		method = "GET"
	}
	if life == 0 {
		life = DefaultExpiry
	}
	switch method {
	case "GET", "HEAD":
		reads = false
	case "PUT":
		writes = false
	case "DELETE":
	default:
		return "", 0, Invalidf("method %q is not GET, HEAD, PUT or DELETE", o.Method)
	}
	switch {
	case reads || writes:
		return "", 0, Invalidf("an option that a signed %s does not have", method)
	case o.ContentLength < 0:
		return "", 0, Invalidf("ContentLength %d", o.ContentLength)
	case life < time.Second || life > MaxExpiry:
		return "", 0, Invalidf("Expires %v is not in 1s..%v", life, MaxExpiry)
	}
	return method, life.Truncate(time.Second), nil
}
