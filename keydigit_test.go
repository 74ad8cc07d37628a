package storage

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// learned is a model of keys, with a ruler of them.
func learned(t *testing.T, keys []string) ruler {
	t.Helper()
	var m keyModel
	objects := make([]*Object, len(keys))
	for i, key := range keys {
		objects[i] = &Object{Key: key}
	}
	m.learn(objects)
	r, ok := m.ruler(stretch{keys[0], keys[len(keys)-1], len(keys) - 1}, false)
	if !ok {
		t.Fatal("the keys tell nothing")
	}
	return r
}

// A guess of a date is one: behind the twelfth month comes the first of the next year, and behind
// the 31st day the first of the next month.
func TestDates(t *testing.T) {
	for _, form := range []string{
		"2006/01/02/15/04", "logs/2006-01-02T15-04-05Z", "year=2006/month=01/day=02/hour=15/",
		"2006/01/02", "x/2006/01-02.gz",
	} {
		at := time.Date(2023, 10, 20, 0, 0, 0, 0, time.UTC)
		var keys []string
		for range 40 { // to the end of November
			keys = append(keys, at.Format(form))
			at = at.AddDate(0, 0, 1)
		}
		r, last := learned(t, keys), keys[len(keys)-1]
		part := func(key, name string) int {
			i := strings.Index(form, name)
			n, _ := strconv.Atoi(key[i:min(i+len(name), len(key))])
			return n
		}
		for days := 5; days < 200; days += 5 {
			got := r.after(last, float64(days))
			year, month, day := part(got, "2006"), part(got, "01"), part(got, "02")
			want := at.AddDate(0, 0, days-1)
			off := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Sub(want).Abs()
			// Some months have less than 31 days.
			if month > 12 || day > 31 || off > 5*24*time.Hour {
				t.Errorf("%d days behind %s: %q, want about %s", days, last, got, want.Format(form))
			}
			if n := r.keys(last, got); n < float64(days)-1 || n > float64(days)+1 {
				t.Errorf("%.1f keys from %s to %s, which is a guess of %d", n, last, got, days)
			}
		}
	}
}

// Numbers of one digit or three beside those of two are no pairs, and letters are none.
func TestNoPairs(t *testing.T) {
	for _, form := range []string{"a/%d/x", "a/%03d/x", "a/%x/x", "a/b%d"} {
		var keys []string
		for i := range 200 {
			keys = append(keys, fmt.Sprintf(form, i))
		}
		for _, d := range learned(t, keys).digits {
			if d.pair {
				t.Errorf("a pair at %d of %s", d.at, form)
			}
		}
	}
}

// What a pair makes of a key sorts as the key does.
func TestPairOrder(t *testing.T) {
	keys := []string{"", "-", "/9", "0", "0/", "00", "01", "09", "0a", "1", "10", "5", "55", "9",
		"9/", "99", "9a", "a", "z0"}
	for i, key := range keys[1:] {
		if pairOf(keys[i]) > pairOf(key) {
			t.Errorf("pairOf(%q) = %d, and pairOf(%q) = %d", keys[i], pairOf(keys[i]), key,
				pairOf(key))
		}
	}
}
