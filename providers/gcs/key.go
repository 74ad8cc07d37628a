package gcs

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/polystore/storage"
)

// maxKey is in bytes.
const maxKey = 1024

// checkKey refuses what https://cloud.google.com/storage/docs/objects#naming does, and NUL.
// Everything else comes back byte for byte.
func checkKey(key string) error {
	reason := unaskable(key)
	switch {
	case reason != "":
	case notNamed(key) != "":
		reason = notNamed(key)
	case strings.IndexByte(key, 0) >= 0:
		reason = "NUL"
	}
	return invalidKey(key, reason)
}

// checkAsked refuses the keys that cannot be asked for. No object of the service has one; an
// emulator may have what the service would not.
func (s *Store) checkAsked(key string) error {
	reason := unaskable(key)
	if reason == "" && !s.emulator {
		reason = notNamed(key)
	}
	return invalidKey(key, reason)
}

// unaskable says why there can be no request for key, or "". To whatever cleans paths on the way, a
// path that ends in "." or ".." is one of the bucket.
func unaskable(key string) string {
	switch {
	case key == "." || key == "..":
		return `the name "." or ".."`
	case len(key) > maxKey:
		return "more than 1024 bytes"
	}
	return ""
}

// notNamed says why the service has no object of that name, or "".
func notNamed(key string) string {
	switch {
	case strings.ContainsAny(key, "\r\n"):
		return "line feed or carriage return"
	case strings.HasPrefix(key, ".well-known/acme-challenge/"):
		return "prefix .well-known/acme-challenge/"
	}
	return ""
}

func invalidKey(key, reason string) error {
	if reason == "" {
		return nil
	}
	return &storage.Error{
		Key: key, Kind: storage.ErrInvalidKey, Err: fmt.Errorf("%s on Cloud Storage", reason),
	}
}

// jsonObject is the URL of an object in the JSON API, where a name is one segment of the path.
func (s *Store) jsonObject(key string) string {
	return s.jsonObjects() + "/" + escape(key)
}

func (s *Store) jsonObjects() string { return s.endpoint + "/storage/v1/b/" + s.bucket + "/o" }
func (s *Store) jsonUploads() string {
	return s.endpoint + "/upload/storage/v1/b/" + s.bucket + "/o"
}

// xmlObject is the URL of an object in the XML API, where slashes stay as they are. Whatever cleans
// paths on the way would take "." and ".." between slashes for a way to another object or bucket.
func (s *Store) xmlObject(key string) string {
	name := escape(key)
	if !climbs(key) {
		name = strings.ReplaceAll(name, "%2F", "/")
	}
	return s.xmlBucket() + "/" + name
}

// climbs reports whether a segment of key is "." or "..".
func climbs(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func (s *Store) xmlBucket() string { return s.endpoint + "/" + s.bucket }

// escape leaves only the unreserved characters of RFC 3986, as signatures want it.
func escape(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }

// withQuery adds a query, if there is one.
func withQuery(target string, q url.Values) string {
	if len(q) == 0 {
		return target
	}
	return target + "?" + q.Encode()
}

// CheckKey refuses the keys that a write would.
func (s *Store) CheckKey(key string) error { return checkKey(key) }
