package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// isBelow reports whether what is written below l is found below src, however the two are written.
func (l location) isBelow(src location) bool {
	outer, dir := src.folder(), l.folder()
	if outer != "" || dir != "" {
		return outer != "" && dir != "" && within(outer, dir)
	}
	fromBucket, fromPrefix := src.place()
	toBucket, toPrefix := l.place()
	return fromBucket == toBucket && strings.HasPrefix(toPrefix, fromPrefix)
}

// folder is the directory that l is below; empty: it is in no file system, or is not one directory.
func (l location) folder() string {
	if l.path != "" {
		return l.path
	}
	bucket, prefix := l.place()
	u, err := url.Parse(bucket)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return ""
	}
	dir := nativePath(u.Path)
	if prefix == "" {
		return dir
	}
	key, whole := strings.CutSuffix(prefix, "/")
	name, err := filepath.Localize(key)
	if err != nil || !whole {
		return "" // no object has such a key, or others begin alike
	}
	return strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator) + name
}

// schemes are those that have the same buckets as another one.
var schemes = map[string]string{"s3a": "s3", "gcs": "gs", "azblob": "az", "abfss": "abfs"}

// place is below as Open reads the URL: the prefix is that in the bucket, whose URL is the same
// however it is written. Whether other parameters lead to the same bucket, the service alone knows.
func (l location) place() (bucket, prefix string) {
	bucket, prefix = l.below()
	u, err := url.Parse(bucket)
	if err != nil {
		return bucket, prefix
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return bucket, prefix // which does not open
	}
	top := params.Get("prefix")
	params.Del("prefix")
	if u.Scheme != "file" { // the path is a prefix
		if p := strings.TrimPrefix(u.Path, "/"); p != "" {
			top = strings.TrimSuffix(p, "/") + "/"
		}
		u.Path, u.RawPath = "", ""
	}
	if scheme, ok := schemes[u.Scheme]; ok {
		u.Scheme = scheme
	}
	u.RawQuery, u.ForceQuery = params.Encode(), false
	return u.String(), top + prefix
}

// within reports whether the directory dir is outer or below it. Neither has to be there.
func within(outer, dir string) bool {
	outer, dir = resolved(outer), resolved(dir)
	if rel, err := filepath.Rel(outer, dir); err == nil && filepath.IsLocal(rel) {
		return true
	}
	// A directory can have other names than by links: in other letters, or by a mount.
	top, err := os.Stat(outer)
	if err != nil || !top.IsDir() {
		return false
	}
	for {
		if fi, err := os.Stat(dir); err == nil && os.SameFile(top, fi) {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// resolved is dir as an absolute path without the links in what is there of it.
func resolved(dir string) string {
	for missing := ""; ; {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			if abs, err := filepath.Abs(real); err == nil {
				real = abs
			}
			return filepath.Join(real, missing)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return filepath.Join(dir, missing)
		}
		missing = filepath.Join(filepath.Base(dir), missing)
		dir = parent
	}
}
