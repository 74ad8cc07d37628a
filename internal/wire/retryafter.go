package wire

import (
	"net/http"
	"strconv"
	"time"
)

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
