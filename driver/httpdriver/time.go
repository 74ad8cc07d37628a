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
	if t, ok := parseFixed(text); ok {
		return t
	}
	text = strings.TrimSpace(text)
	if len(text) > 10 && text[10] == 'T' { // before layouts that cannot fit: each failure allocates
		if t, ok := ParseDateTime(text); ok {
			return t
		}
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

// parseFixed reads http.TimeFormat, which nearly every answer has several times, in less than half
// of the time that package time takes.
func parseFixed(text string) (time.Time, bool) {
	if len(text) != len(http.TimeFormat) || text[3:5] != ", " || text[25:] != " GMT" ||
		text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' {
		return time.Time{}, false
	}
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", text[8:11])
	year := 100*digits(text[12:14]) + digits(text[14:16])
	day, hour := digits(text[5:7]), digits(text[17:19])
	minute, second := digits(text[20:22]), digits(text[23:25])
	t := time.Date(year, time.Month(month/3+1), day, hour, minute, second, 0, time.UTC)
	// A date that is none is another one by now.
	ok := month >= 0 && month%3 == 0 && min(year, hour, minute, second) >= 0 && t.Day() == day &&
		t.Hour() == hour && t.Minute() == minute && t.Second() == second &&
		t.Weekday().String()[:3] == text[:3]
	return t, ok
}

// ParseDateTime reads the form that documents of services have, 2006-01-02T15:04:05.999999999Z with
// a fraction or without, in a fraction of the time that package time takes: a page of a list has a
// thousand of them. It reports whether text has that form.
func ParseDateTime(text string) (time.Time, bool) {
	const whole = len("2006-01-02T15:04:05")
	if len(text) <= whole || text[len(text)-1] != 'Z' || text[4] != '-' || text[7] != '-' ||
		text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	nanos, ok := fraction(text[whole : len(text)-1])
	year := 100*digits(text[0:2]) + digits(text[2:4])
	month, day := digits(text[5:7]), digits(text[8:10])
	hour, minute, second := digits(text[11:13]), digits(text[14:16]), digits(text[17:19])
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	// A date that is none is another one by now.
	ok = ok && min(year, month, hour, minute, second) >= 0 && t.Month() == time.Month(month) &&
		t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return t, ok
}

// fraction is that of a second in nanoseconds: a point and up to nine digits, or nothing.
func fraction(text string) (nanos int, ok bool) {
	if text == "" {
		return 0, true
	}
	if text[0] != '.' || len(text) == 1 || len(text) > 10 {
		return 0, false
	}
	unit := 1_000_000_000
	for _, c := range []byte(text[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		nanos += int(c-'0') * unit
	}
	return nanos, true
}

// digits is the number of two digits, far below zero for anything else.
func digits(text string) int {
	tens, ones := text[0]-'0', text[1]-'0'
	if tens > 9 || ones > 9 {
		return -1 << 20
	}
	return 10*int(tens) + int(ones)
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
