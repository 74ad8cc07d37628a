package httpdriver

import (
	"net/http"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	want := time.Date(2022, 10, 5, 7, 28, 0, 0, time.UTC)
	for _, text := range []string{
		"Wed, 05 Oct 2022 07:28:00 GMT", "Wed, 5 Oct 2022 07:28:00 GMT",
		" Wed, 05 Oct 2022 07:28:00 UTC",
		"Wednesday, 05-Oct-22 07:28:00 GMT", "Wed Oct  5 07:28:00 2022",
		"Wed, 05 Oct 2022 07:28:00 +0000",
		"Wed, 05 Oct 2022 09:28:00 +0200", "5 Oct 2022 07:28:00 GMT", "2022-10-05T07:28:00Z",
		"2022-10-05T07:28:00.000Z", "2022-10-05T09:28:00+02:00", "2022-10-05T07:28:00",
	} {
		if got := ParseTime(text); !got.Equal(want) {
			t.Errorf("ParseTime(%q) = %v", text, got)
		}
	}
	for _, text := range []string{"", "0", "-1", "1632280617", "never"} {
		if got := ParseTime(text); !got.IsZero() {
			t.Errorf("ParseTime(%q) = %v", text, got)
		}
	}
}

// The form of HTTP takes the short way.
func TestParseFixed(t *testing.T) {
	at := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	for range 10_000 {
		at = at.Add(97*time.Hour + 61*time.Minute + 7*time.Second)
		if got, ok := parseFixed(at.Format(http.TimeFormat)); !ok || !got.Equal(at) {
			t.Fatalf("parseFixed(%q) = %v, %v", at.Format(http.TimeFormat), got, ok)
		}
	}
}

// The form of documents takes the short way, and is what package time makes of it.
func TestParseDateTime(t *testing.T) {
	at := time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)
	for n := range 10_000 {
		at = at.Add(97*time.Hour + 61*time.Minute + 7*time.Second + time.Duration(n))
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.000Z"} {
			text := at.Format(layout)
			want, err := time.Parse(time.RFC3339Nano, text)
			if got, ok := ParseDateTime(text); err != nil || !ok || got != want {
				t.Fatalf("ParseDateTime(%q) = %v, %v, want %v", text, got, ok, want)
			}
		}
	}
	for _, text := range []string{
		"", "Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
		"2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567890Z",
		"2024-01-01T00:00:00.x1Z", "2024-01-01T00:00:00+01:00", "2024-01-01 00:00:00Z",
		"2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "-024-01-01T00:00:00Z",
	} {
		if got, ok := ParseDateTime(text); ok {
			t.Errorf("ParseDateTime(%q) = %v", text, got)
		}
	}
}

func TestTidyTimes(t *testing.T) {
	h := http.Header{"A": {"Wed, 5 Oct 2022 07:28:00 GMT"}, "B": {"0"}, "C": {"0"}}
	TidyTimes(h, "A", "B", "D")
	if h.Get("A") != "Wed, 05 Oct 2022 07:28:00 GMT" || h.Values("B") != nil || h.Get("C") != "0" ||
		h.Values("D") != nil {
		t.Errorf("%q", h)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, text := range []string{
		"", "0", "Wed, 5 Oct 2022 07:28:00 GMT", "2022-10-05T07:28:00Z",
		"Thu, 29 Feb 2024 23:59:59 GMT", "Wed, 29 Feb 2023 23:59:60 GMT",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := ParseDateTime(text); ok {
			if want, err := time.Parse(time.RFC3339Nano, text); err != nil || want != got {
				t.Errorf("ParseDateTime(%q) = %v, time.Parse %v, %v", text, got, want, err)
			}
		}
		if got, ok := parseFixed(text); ok {
			if want, err := time.Parse(http.TimeFormat, text); err != nil || !want.Equal(got) {
				t.Errorf("parseFixed(%q) = %v, time.Parse %v, %v", text, got, want, err)
			}
		}
		if got := ParseTime(text); got.Location() != time.UTC {
			t.Errorf("ParseTime(%q) = %v", text, got)
		}
	})
}
