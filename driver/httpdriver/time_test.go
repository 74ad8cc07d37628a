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

func TestTidyTimes(t *testing.T) {
	h := http.Header{"A": {"Wed, 5 Oct 2022 07:28:00 GMT"}, "B": {"0"}, "C": {"0"}}
	TidyTimes(h, "A", "B", "D")
	if h.Get("A") != "Wed, 05 Oct 2022 07:28:00 GMT" || h.Values("B") != nil || h.Get("C") != "0" ||
		h.Values("D") != nil {
		t.Errorf("%q", h)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, text := range []string{"", "0", "Wed, 5 Oct 2022 07:28:00 GMT", "2022-10-05T07:28:00Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := ParseTime(text); got.Location() != time.UTC {
			t.Errorf("ParseTime(%q) = %v", text, got)
		}
	})
}
