package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// below is a case: whether what is written below dst is found below src.
type below struct {
	src, dst string
	want     bool
}

func (b below) check(t *testing.T) {
	t.Helper()
	src, err := parseLocation(b.src)
	if err != nil {
		t.Fatal(err)
	}
	dst, err := parseLocation(b.dst)
	if err != nil {
		t.Fatal(err)
	}
	if got := dst.isBelow(src); got != b.want {
		t.Errorf("%s is below %s: %t, want %t", b.dst, b.src, got, b.want)
	}
}

// URLs that are written in another way lead to the same place; others do not.
func TestBelowURL(t *testing.T) {
	for _, test := range []below{
		{"s3://b", "s3://b/", true},
		{"s3://b/", "s3://b/x", true},
		{"s3://b/x", "s3://b/x/", true},
		{"s3://b/x", "s3://b/x/y", true},
		{"S3://b/x", "s3a://b/x/y", true},
		{"s3://b/x?", "s3://b/x/y", true},
		{"s3://b/x", "s3://b/%78/y", true},
		{"s3://b/x?region=r&provider=p", "s3://b/x/y?provider=p&region=r", true},
		{"s3://b/x?endpoint=http://h", "s3://b/x/y?endpoint=http%3A%2F%2Fh", true},
		{"s3://b/x/y", "s3://b?key=x/y/z", true},
		{"s3://b/x/y", "s3://b/x?key=y/z", true},
		{"s3://b/x/y", "s3://b/y/z?prefix=x/", true},
		{"s3://b?prefix=x", "s3://b/xy", true},
		{"gs://b/x", "gcs://b/x/y", true},
		{"az://b/x", "azblob://b/x/y", true},
		{"abfs://c@a.dfs.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x/y", true},

		{"s3://b/x", "s3://b/xy", false},
		{"s3://b/x/y", "s3://b/x", false},
		{"s3://b/x", "s3://B/x/y", false},
		{"s3://b/x", "s3://c/x/y", false},
		{"s3://b/x", "gs://b/x/y", false},
		{"s3://b/x/y", "s3://b/x/./y/z", false},
		{"s3://b/x/y", "s3://b/x//y/z", false},
		{"s3://b/x?region=r", "s3://b/x/y?region=s", false},
		{"s3://b/x?endpoint=http://h", "s3://b/x/y", false},
		{"s3://b?prefix=x/", "s3://b/x?prefix=y/", false},
		{"s3://b/x", "s3://b?prefix=y/&key=x/z", false},
		{"abfs://c@a.dfs.core.windows.net/x", "abfs://d@a.dfs.core.windows.net/x/y", false},
		{"s3://b", "local", false},
	} {
		test.check(t)
	}
}

// A directory is the same by each of its names.
func TestBelowDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, d := range []string{"a/b", "other"} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	at := func(p string) string {
		top := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(dir), "/")}
		return top.String() + p
	}
	tests := []below{
		{"a", "a/", true},
		{"a", "./a/b/../new", true},
		{at("/a/b"), at("/a/./b"), true},
		{at("/a/b"), at("/a/./b/new/"), true},
		{at("/a//b/"), at("/a/b"), true},
		{at("/a"), at("/other/../a/new"), true},
		{at("/a/b"), at("/a/%62/new"), true},
		{at("/a?create_dir=true"), at("/a/new/"), true},
		{at("/a"), "a/b/new", true},
		{"a", at("/a/b/"), true},
		{"a", at("/?key=a/new"), true},
		{at("?key=a"), "a/b", true},
		{at("/?key=a"), at("/a?key=new"), true},
		{at("/?prefix=a/"), at("/a/new"), true},
		{at("/?prefix=ne"), at("/?prefix=new"), true},
		{at("/a?prefix=ne"), "a/new/b", true},
		{at("/?prefix=ne"), at("/new/b"), true},
		{at("/?prefix=a/ne"), at("/a?key=new/b"), true},
		{".", at("/?prefix=ma"), true},
		{at("/"), at("/a?prefix=ma"), true},

		{"a/b", "a", false},
		{"a", "ab", false},
		{"a", "a/../other", false},
		{at("/a"), at("/ab/"), false},
		{at("/a"), at("/a/../other"), false},
		{at("/?prefix=a/"), at("/other/new"), false},
		{at("/?prefix=ne"), at("/other?prefix=new"), false},
		{at("/?prefix=ne"), ".", false},
		{at("/?prefix=ne"), at("/a?prefix=ne"), false},
		{at("/a?prefix=ne"), "new", false},
		{at("/?key=a"), at("/?key=ab"), false},
		{at("/?key=a"), at("/other?key=a"), false},
		{at("/a"), at("/other?key=../a/new"), false}, // a key that no file has
		{at("/a"), "mem://a/new", false},
	}
	if os.Symlink("a", "link") == nil && os.Symlink("../other", "a/out") == nil {
		tests = append(tests,
			below{"a", "link", true},
			below{"a", "link/b/new", true},
			below{"link", "a/new", true},
			below{"link/", at("/a/new/"), true},
			below{at("/link"), at("/a/new/"), true},
			below{at("/a"), at("/?key=link/new"), true},
			below{"a", "a/out/new", false}, // nothing follows the link to there
			below{"other", "a/out/new", true},
		)
	}
	for _, test := range tests {
		test.check(t)
	}
}
