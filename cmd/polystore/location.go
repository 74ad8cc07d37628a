package main

import (
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// location is an argument: a path, a URL or "-".
type location struct {
	stdio  bool
	path   string // a plain path as it was given; empty for a URL
	bucket string // the bucket's URL
	key    string // what is behind the bucket; may be empty
	exact  bool   // the key is that of key=: a slash at its end means nothing

	whole string // of files: the URL of the bucket that the whole path would be
	dir   string // of files: the whole path
}

// String is a plain path, or a URL without its parameters and without what may be a secret.
func (l location) String() string {
	if l.stdio {
		return "-"
	}
	if l.path != "" {
		return l.path
	}
	u, err := url.Parse(l.bucket)
	if err != nil {
		return "the URL"
	}
	return u.Scheme + "://" + path.Join(u.Host, u.Path, l.key)
}

// parseLocation reads an argument.
func parseLocation(arg string) (location, error) {
	switch {
	case arg == "":
		return location{}, usage("an argument is empty")
	case arg == "-":
		return location{stdio: true}, nil
	case strings.Contains(arg, "://"):
		return parseURL(arg)
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		return location{}, err
	}
	p := filepath.ToSlash(abs)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/directory
	}
	if os.IsPathSeparator(arg[len(arg)-1]) && p != "/" {
		p += "/"
	}
	l := splitFile(&url.URL{Scheme: "file", Path: p})
	l.path = arg
	return l, nil
}

// withoutURLs is text without the URLs among the arguments that it may repeat: there may be secrets
// in them.
func withoutURLs(text string, args []string) string {
	for _, arg := range args {
		if strings.Contains(arg, "://") {
			name := "a URL"
			if l, err := parseURL(arg); err == nil {
				name = l.String()
			}
			text = strings.ReplaceAll(text, arg, name)
		}
	}
	return text
}

func parseURL(arg string) (location, error) {
	u, err := url.Parse(arg)
	if err != nil {
		// A *url.Error repeats the URL, which may hold a secret.
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return location{}, usage("not a URL: %v", err)
	}
	if q, err := url.ParseQuery(u.RawQuery); err == nil && q.Has("key") {
		if len(q["key"]) != 1 || q.Get("key") == "" {
			return location{}, usage("the parameter key= names one key")
		}
		l := location{key: q.Get("key"), exact: true}
		q.Del("key")
		u.RawQuery = q.Encode()
		l.bucket = u.String()
		return l, nil
	}
	if u.Scheme == "file" {
		return splitFile(u), nil
	}
	l := location{key: strings.TrimPrefix(u.Path, "/")}
	u.Path, u.RawPath = "", ""
	l.bucket = u.String()
	return l, nil
}

// splitFile splits a file URL at its last slash.
func splitFile(u *url.URL) location {
	whole := *u
	whole.RawPath = ""
	l := location{whole: whole.String(), dir: nativePath(u.Path)}
	parent := whole
	parent.Path, l.key = path.Split(u.Path)
	l.bucket = parent.String()
	return l
}

// nativePath is the path of a file URL as this system writes it.
func nativePath(p string) string {
	if filepath.Separator == '\\' && len(p) > 2 && p[0] == '/' && p[2] == ':' {
		p = p[1:]
	}
	return filepath.FromSlash(p)
}

// tree is l as a place that holds objects: the bucket's URL and the prefix of the keys. A directory
// is a bucket, if it is there or the path ends in a slash.
func (l location) tree() (bucket, prefix string) {
	if l.dir != "" && (l.key == "" || isDir(l.dir)) {
		return l.whole, ""
	}
	return l.bucket, l.key
}

// below is l as a directory: the prefix ends in a slash, unless the whole bucket is meant.
func (l location) below() (bucket, prefix string) {
	bucket, prefix = l.tree()
	if prefix != "" {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
	}
	return bucket, prefix
}

// into is l as the place of an object that was called name where it came from: a directory takes it
// under that name.
func (l location) into(name string) location {
	bucket, key := l.tree()
	if l.stdio || l.exact || key != "" && !strings.HasSuffix(key, "/") {
		return l
	}
	if l.path != "" {
		l.path = filepath.Join(l.path, name)
	}
	l.bucket, l.key, l.dir = bucket, key+name, ""
	return l
}

// name is the last segment of the key.
func (l location) name() string { return path.Base(l.key) }

func isDir(p string) bool {
	fi, err := os.Stat(p)
	return err == nil && fi.IsDir()
}
