package httpdriver

import (
	"net/http"
	"strings"
	"time"
)

// layouts are those of dates in headers, those of HTTP first. A day has one digit or two.
var layouts = [...]string{
	http.TimeFormat,
	"Mon, _2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 MST", time.RFC850, time.ANSIC,
	"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", time.RFC3339Nano,
	"2006-01-02T15:04:05",
}

// ParseTime reads a date of a header, in the forms of HTTP and in those that services and proxies
// have instead; the zero time for anything else, which is not worth failing for.
func ParseTime(text string) time.Time {
	text = strings.TrimSpace(text)
	if len(text) > 10 && text[10] == 'T' { // before layouts that cannot fit: each failure allocates
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t.UTC()
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// TidyTimes gives the dates under names the form of HTTP, and takes out those that are none, before
// an SDK fails for them.
func TidyTimes(h http.Header, names ...string) {
	for _, name := range names {
		text := h.Get(name)
		if text == "" {
			continue
		}
		if _, err := time.Parse(http.TimeFormat, text); err == nil { // as nearly always
			continue
		}
		if t := ParseTime(text); t.IsZero() {
			h.Del(name)
		} else {
			h.Set(name, t.Format(http.TimeFormat))
		}
	}
}
