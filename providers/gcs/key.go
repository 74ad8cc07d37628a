package gcs

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/polystore/storage"
)

// checkKey refuses what https://cloud.google.com/storage/docs/objects#naming does. Everything else
// comes back byte for byte.
func checkKey(key string) error {
	reason := ""
	switch {
	case key == "." || key == "..":
		reason = `the name "." or ".."`
	case strings.ContainsAny(key, "\r\n\x00"):
		reason = "line feed, carriage return or NUL"
	case strings.HasPrefix(key, ".well-known/acme-challenge/"):
		reason = "prefix .well-known/acme-challenge/"
	default:
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

// xmlObject is the URL of an object in the XML API, where slashes stay as they are.
func (s *Store) xmlObject(key string) string {
	return s.xmlBucket() + "/" + strings.ReplaceAll(escape(key), "%2F", "/")
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
