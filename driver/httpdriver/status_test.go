package httpdriver

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

func TestKindOfStatus(t *testing.T) {
	for status, want := range map[int]error{
		200: nil, 302: storage.ErrInvalid, 304: storage.ErrNotModified, 400: storage.ErrInvalid,
		401: storage.ErrPermission, 403: storage.ErrPermission, 404: storage.ErrNotExist,
		405: errors.ErrUnsupported, 408: storage.ErrUnavailable, 409: nil,
		412: storage.ErrPrecondition, 416: storage.ErrRange, 429: storage.ErrThrottled,
		500: storage.ErrUnavailable, 501: errors.ErrUnsupported, 503: storage.ErrUnavailable,
	} {
		if got := KindOfStatus(status); got != want {
			t.Errorf("KindOfStatus(%d) = %v, want %v", status, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		for v, want := range map[string]time.Duration{
			"":                              0,
			"3":                             3 * time.Second,
			"0":                             0,
			"-3":                            0,
			"1.5":                           0,
			"x":                             0,
			"99999999999":                   0,
			"Sat, 01 Jan 2000 00:00:00 GMT": 0, // now, here
			"Mon, 02 Jan 1995 15:04:05 GMT": 0,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
		} {
			if got := RetryAfter(v); got != want {
				t.Errorf("RetryAfter(%q) = %v, want %v", v, got, want)
			}
		}
	})
}

func TestXMLText(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "a/b é 𝄞": true, "a\t\r\n": true,
		"a\x00": false, "\x1f": false, "\uFFFE": false, "x\uFFFF": false,
	} {
		if got := XMLText(s); got != want {
			t.Errorf("XMLText(%q) = %v", s, got)
		}
	}
}
