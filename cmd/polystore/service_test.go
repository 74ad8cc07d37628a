package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newService is as much of S3 as the scripts need to see what no directory shows: a bucket "closed"
// to which nobody has access, one "taken" that somebody else has, "listed" that can be listed and
// no more, "elsewhere" in another region, "misspelt" whose signatures are wrong, and any other that
// can be made in eu-west-1.
func newService(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, code string) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused</Message></Error>", code)
		}
		body, _ := io.ReadAll(r.Body)
		bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case bucket == "closed":
			refuse(http.StatusForbidden, "AccessDenied")
		case bucket == "listed" && r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
			fmt.Fprint(w, "<ListBucketResult><Name>listed</Name></ListBucketResult>")
		case bucket == "listed":
			refuse(http.StatusForbidden, "AccessDenied")
		case bucket == "elsewhere":
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
			refuse(http.StatusMovedPermanently, "PermanentRedirect")
		case bucket == "misspelt":
			refuse(http.StatusForbidden, "SignatureDoesNotMatch")
		case bucket == "taken":
			refuse(http.StatusConflict, "BucketAlreadyExists")
		case r.Method != http.MethodPut || key != "":
			refuse(http.StatusNotFound, "NoSuchBucket")
		case !strings.Contains(string(body), "<LocationConstraint>eu-west-1</LocationConstraint>"):
			refuse(http.StatusBadRequest, "IllegalLocationConstraintException")
		}
	}))
	t.Cleanup(s.Close)
	return s
}
