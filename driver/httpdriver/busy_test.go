package httpdriver

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A service is busy for a minute after it said so.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(Busy)
		for _, status := range []int{
			http.StatusOK, http.StatusForbidden, http.StatusBadGateway, http.StatusNotImplemented,
		} {
			if b.Learn(status); b.Now() {
				t.Errorf("busy after %d", status)
			}
		}
		for _, status := range []int{
			http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusServiceUnavailable,
		} {
			if b.Learn(status); !b.Now() {
				t.Errorf("not busy after %d", status)
			}
			if time.Sleep(time.Minute - 1); !b.Now() {
				t.Errorf("not busy for a minute after %d", status)
			}
			if time.Sleep(time.Nanosecond); b.Now() {
				t.Errorf("busy for more than a minute after %d", status)
			}
		}
	})
}
