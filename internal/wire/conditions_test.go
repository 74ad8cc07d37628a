package wire

import (
	"errors"
	"testing"
	"time"

	"github.com/polystore/storage"
)

func TestETags(t *testing.T) {
	for token, want := range map[string]bool{
		`"0x8D"`: true, `"a-1"`: true,
		"": false, `"`: false, `""`: false, "abc": false, "*": false, `W/"a"`: false, `"a", "b"`: false, storage.ETagNone: false,
	} {
		if got := ValidETag(token); got != want {
			t.Errorf("ValidETag(%q) = %v", token, got)
		}
		if err := CheckMatch(token); errors.Is(err, storage.ErrPrecondition) == (want || token == "") {
			t.Errorf("CheckMatch(%q) = %v", token, err)
		}
	}
}

func TestHeld(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	now := &storage.Object{ETag: `"a"`, ModTime: at}
	tests := []struct {
		name string
		give storage.StatOptions
		want error
	}{
		{"nothing", storage.StatOptions{}, nil},
		{"this version", storage.StatOptions{IfMatch: `"a"`}, nil},
		{"another version", storage.StatOptions{IfMatch: `"b"`}, storage.ErrPrecondition},
		{"not this version", storage.StatOptions{IfNoneMatch: `"a"`}, storage.ErrNotModified},
		{"not another version", storage.StatOptions{IfNoneMatch: `"b"`}, nil},
		{"since then", storage.StatOptions{IfModifiedSince: at}, storage.ErrNotModified},
		{"since then, in whole seconds", storage.StatOptions{IfModifiedSince: at.Truncate(time.Second)}, storage.ErrNotModified},
		{"since before", storage.StatOptions{IfModifiedSince: at.Add(-time.Second)}, nil},
		{"IfNoneMatch wins", storage.StatOptions{IfNoneMatch: `"b"`, IfModifiedSince: at}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := Held(&test.give, now); !errors.Is(err, test.want) {
				t.Errorf("Held = %v, want %v", err, test.want)
			}
		})
	}
	if err := Held(&storage.StatOptions{IfModifiedSince: at}, &storage.Object{}); err != nil {
		t.Errorf("an object of unknown age: %v", err)
	}
}
