package s3

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/polystore/storage/driver/httpdriver"
)

// clock is the service's, by which requests are signed: S3 refuses those that are off by more than
// 15 minutes. Each answer tells the time, so that one refusal is enough to learn it. The rules are
// the SDK's.
type clock struct {
	off   bool                 // the system's clock is right, whatever the service says
	ahead atomic.Int64         // of the system's, in nanoseconds
	told  atomic.Pointer[date] // the last one; nil: none
}

// date is one that was read. Many answers in a row have the same.
type date struct {
	text string
	time time.Time
}

// maxTrusted is how long an exchange may take whose answer is believed.
const maxTrusted = 15 * time.Minute

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// learn takes the time of an answer to a request that was made at asked. That of a cache is an old
// one.
func (c *clock) learn(h http.Header, asked time.Time) {
	elapsed := time.Since(asked)
	if c.off || elapsed > maxTrusted || h.Get("Age") != "" {
		return
	}
	text := h.Get("Date")
	told := c.told.Load()
	if told == nil || told.text != text {
		told = &date{text, httpdriver.ParseTime(text)}
		c.told.Store(told)
	}
	if !told.time.IsZero() {
		c.ahead.Store(int64(told.time.Sub(asked.Add(elapsed / 2))))
	}
}
