package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// isBelow reports whether what is written below l is found below src, however the two are written.
func (l location) isBelow(src location) bool {
	outer, begin := src.folder()
	dir, name := l.folder()
	if outer != "" || dir != "" {
		rel, ok := within(outer, dir)
		return ok && strings.HasPrefix(rel+name, begin)
	}
	fromBucket, fromPrefix := src.place()
	toBucket, toPrefix := l.place()
	return fromBucket == toBucket && strings.HasPrefix(toPrefix, fromPrefix)
}

// folder is the directory that l is in, and how the names in it begin that are below l. The
// directory is empty where l is in no file system.
func (l location) folder() (dir, begin string) {
	if l.path != "" {
		return l.path, ""
	}
	bucket, prefix := l.place()
	u, err := url.Parse(bucket)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", ""
	}
	dir = nativePath(u.Path)
	i := strings.LastIndex(prefix, "/")
	if i < 0 {
		return dir, prefix
	}
	name, err := filepath.Localize(prefix[:i])
	if err != nil {
		return "", "" // no object has such a key
	}
	dir = strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator) + name
	return dir, prefix[i+1:]
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

// within reports whether the directory dir is outer or below it, and by which path: empty, or with
// a slash at its end. Neither directory has to be there.
func within(outer, dir string) (rel string, ok bool) {
	if outer == "" || dir == "" {
		return "", false
	}
	outer, dir = resolved(outer), resolved(dir)
	if rel, err := filepath.Rel(outer, dir); err == nil && filepath.IsLocal(rel) {
		return strings.TrimPrefix(filepath.ToSlash(rel)+"/", "./"), true
	}
	// A directory can have other names than by links: in other letters, or by a mount.
	top, err := os.Stat(outer)
	if err != nil || !top.IsDir() {
		return "", false
	}
	for {
		if fi, err := os.Stat(dir); err == nil && os.SameFile(top, fi) {
			return rel, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		rel = filepath.Base(dir) + "/" + rel
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
