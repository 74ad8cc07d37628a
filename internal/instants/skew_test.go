package instants

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// TestClockSkew has a service whose clock is another one. It refuses the first request, whose time
// is ours, and its answer tells its own: in the middle of the exchange, as far as anybody can know.
// All other requests have its time to the second. An exchange of more than 15 minutes, and an
// answer out of a cache, tell nothing.
func TestClockSkew(t *testing.T) {
	const longest = 15 * time.Minute
	for name, c := range map[string]struct {
		skew  time.Duration // of the service
		takes time.Duration
		aged  bool
		learn bool
	}{
		"ahead":              {3 * time.Hour, 0, false, true},
		"behind":             {-3 * time.Hour, 0, false, true},
		"by a slow answer":   {3 * time.Hour, 4 * time.Second, false, true},
		"by the slowest one": {3 * time.Hour, longest, false, true},
		"a slower one":       {3 * time.Hour, longest + 2*time.Second, false, false},
		"an answer of old":   {3 * time.Hour, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			var signed, there []time.Time // by us, and when it was there
			answer := func(d driver, n int, w http.ResponseWriter, r *http.Request) {
				at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
				if err != nil {
					t.Error(err)
				}
				now := func() time.Time { return time.Now().Add(c.skew).UTC() }
				signed, there = append(signed, at), append(there, now())
				time.Sleep(c.takes / 2)
				w.Header().Set("Date", now().Format(http.TimeFormat))
				if c.aged {
					w.Header().Set("Age", "60")
				}
				time.Sleep(c.takes / 2)
				if n > 1 {
					d.describe(w)
					return
				}
				d.refuse(w, http.StatusForbidden, "RequestTimeTooSkewed")
			}
			opts := &storage.Options{StallTimeout: -1, NoHedging: true, Retry: storage.RetryOptions{
				MinDelay: time.Nanosecond,
			}}
			token := func() string { return "KEY" }
			drivers[0].play(t, opts, token, answer,
				func(t *testing.T, b *storage.Bucket, s *service) {
					ours := time.Now().UTC()
					b.Stat(t.Context(), "k", nil) // its end is not what this is about
					time.Sleep(90 * time.Minute)
					b.Stat(t.Context(), "k", nil)
					if len(signed) < 2 || !signed[0].Equal(ours) {
						t.Fatalf("signed at %v, from %v on", signed, ours)
					}
					for i := range signed[1:] {
						there[i+1] = there[i+1].Truncate(time.Second)
						if !c.learn {
							there[i+1] = there[i+1].Add(-c.skew)
						}
					}
					if !slices.EqualFunc(signed[1:], there[1:], time.Time.Equal) {
						t.Errorf("signed at %v, want %v", signed[1:], there[1:])
					}
				})
		})
	}
}
