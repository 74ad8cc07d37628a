package main

import (
	"strings"
	"testing"
)

// A location that is told has no user, password or parameter of its URL in it.
func FuzzLocation(f *testing.F) {
	for _, s := range []string{"s3://b/k?secret=1", "-", "dir/", "file:///a/b", "az://u:p@c/k", "://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		l, err := parseLocation(arg)
		if err == nil && strings.Contains(arg, "://") && l.path == "" && !l.stdio {
			if text := l.String(); strings.Contains(text, "?secret=") {
				t.Errorf("%q is told as %q", arg, text)
			}
		}
	})
}
