package gcsfake

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// checkName refuses what cannot be an object's name, and nothing that Google only advises against
// (objects#naming).
func checkName(name string) error {
	switch {
	case name == "":
		return &apiError{status: 400, reason: "required", code: "InvalidArgument",
			message: "Required"}
	case len(name) > 1024:
		return &apiError{status: 400, reason: "invalid", code: "KeyTooLong",
			message: "The specified object name is longer than 1024 bytes."}
	case !utf8.ValidString(name),
		strings.ContainsAny(name, "\r\n"),
		name == ".", name == "..",
		strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return &apiError{status: 400, reason: "invalid", code: "InvalidObjectName",
			message: "The specified object name is not valid."}
	}
	return nil
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

// checkBucketName keeps the form of names (buckets#naming), not the rules about Google's marks.
func checkBucketName(name string) error {
	if bucketName.MatchString(name) && !strings.HasPrefix(name, "goog") && (len(name) <= 63 ||
		strings.Contains(name, ".")) {
		return nil
	}
	return &apiError{status: 400, reason: "invalid", code: "InvalidBucketName",
		message: "Invalid bucket name: '" + name + "'"}
}
