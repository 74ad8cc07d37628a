package driver

import (
	"errors"
	"testing"
	"time"

	"github.com/polystore/storage"
)

func TestCheckSign(t *testing.T) {
	for _, test := range []struct {
		give   storage.SignOptions
		method string // empty: ErrInvalid
		life   time.Duration
	}{
		{storage.SignOptions{}, "GET", DefaultExpiry},
		{storage.SignOptions{Expires: 90*time.Second + 1}, "GET", 90 * time.Second},
		{storage.SignOptions{Method: "HEAD", VersionID: "v", Expires: MaxExpiry}, "HEAD",
			MaxExpiry},
		{storage.SignOptions{Method: "PUT", IfAbsent: true, ContentLength: 3}, "PUT",
			DefaultExpiry},
		{storage.SignOptions{Method: "DELETE"}, "DELETE", DefaultExpiry},
		{storage.SignOptions{Method: "POST"}, "", 0},
		{storage.SignOptions{Method: "PUT", VersionID: "v"}, "", 0},
		{storage.SignOptions{Method: "DELETE", ResponseContentType: "a/b"}, "", 0},
		{storage.SignOptions{ContentType: "a/b"}, "", 0},
		{storage.SignOptions{Method: "PUT", ContentLength: -1}, "", 0},
		{storage.SignOptions{Expires: MaxExpiry + 1}, "", 0},
		{storage.SignOptions{Expires: time.Second - 1}, "", 0},
		{storage.SignOptions{Expires: -1}, "", 0},
	} {
		method, life, err := CheckSign(&test.give)
		refused := errors.Is(err, storage.ErrInvalid)
		if method != test.method || life != test.life || refused != (test.method == "") {
			t.Errorf("CheckSign(%+v) = %q, %v, %v", test.give, method, life, err)
		}
	}
}
