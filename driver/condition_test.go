package driver

import (
	"errors"
	"testing"
	"time"

	"github.com/polystore/storage"
)

func TestETags(t *testing.T) {
	for token, want := range map[string]bool{
		`"0x8D"`: true, `"a-1"`: true,
		"": false, `"`: false, `""`: false, "abc": false, "*": false, `W/"a"`: false,
		`"a", "b"`:       false,
		storage.ETagNone: false,
	} {
		if got := ValidETag(token); got != want {
			t.Errorf("ValidETag(%q) = %v", token, got)
		}
		if err := CheckMatch(token); errors.Is(err, storage.ErrPrecondition) == (want ||
			token == "") {
			t.Errorf("CheckMatch(%q) = %v", token, err)
		}
	}
}

func TestCheckRead(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	now := &storage.Object{ETag: `"a"`, ModTime: at}
	for _, test := range []struct {
		name string
		give storage.GetOptions
		want error
	}{
		{"nothing", storage.GetOptions{}, nil},
		{"this version", storage.GetOptions{IfMatch: `"a"`}, nil},
		{"another version", storage.GetOptions{IfMatch: `"b"`}, storage.ErrPrecondition},
		{"not this version", storage.GetOptions{IfNoneMatch: `"a"`}, storage.ErrNotModified},
		{"not another version", storage.GetOptions{IfNoneMatch: `"b"`}, nil},
		{"since then", storage.GetOptions{IfModifiedSince: at}, storage.ErrNotModified},
		{
			"since then, in whole seconds",
			storage.GetOptions{IfModifiedSince: at.Truncate(time.Second)},
			storage.ErrNotModified,
		},
		{"since before", storage.GetOptions{IfModifiedSince: at.Add(-time.Second)}, nil},
		{"IfNoneMatch wins", storage.GetOptions{IfNoneMatch: `"b"`, IfModifiedSince: at}, nil},
	} {
		if err := CheckRead(ReadConditions(&test.give), now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if err := CheckRead(&storage.StatOptions{IfModifiedSince: at}, &storage.Object{}); err != nil {
		t.Errorf("an object of unknown age: %v", err)
	}
	if o := ReadConditions(&storage.GetOptions{VersionID: "v"}); o.VersionID != "v" {
		t.Errorf("the version is lost: %+v", o)
	}
}

func TestCheckWrite(t *testing.T) {
	now := &storage.Object{ETag: `"a"`}
	for _, test := range []struct {
		name     string
		ifAbsent bool
		ifMatch  string
		now      *storage.Object
		want     error
	}{
		{"no condition", false, "", now, nil},
		{"no condition, no object", false, "", nil, nil},
		{"IfAbsent", true, "", nil, nil},
		{"IfAbsent, an object", true, "", now, storage.ErrExist},
		{"IfMatch", false, `"a"`, now, nil},
		{"IfMatch, another object", false, `"b"`, now, storage.ErrPrecondition},
		{"IfMatch, no object", false, `"a"`, nil, storage.ErrPrecondition},
	} {
		if err := CheckWrite(test.ifAbsent, test.ifMatch, test.now); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}
