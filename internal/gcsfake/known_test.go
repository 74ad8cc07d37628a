package gcsfake_test

import (
	"net/http"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

// What is asked for and not there is refused, changes nothing, and is never taken for something
// else.
func TestUnknownIsRefused(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	before := put(t, s, "bucket", "k", "x")
	const (
		object, upload = "/storage/v1/b/bucket/o/k", "/upload/storage/v1/b/bucket/o"
		compose        = `{"sourceObjects":[{"name":"k"}]`
	)
	for name, c := range map[string]call{
		"typing error": {method: "POST", path: upload +
			"?uploadType=media&name=k&ifGenerationMach=0"},
		"ACL by name": {method: "POST", path: upload +
			"?uploadType=media&name=k&predefinedAcl=publicRead"},
		"key of a session": {method: "POST", path: upload +
			"?uploadType=resumable&name=k&kmsKeyName=x"},
		"condition of a list": {method: "GET",
			path: "/storage/v1/b/bucket/o?ifGenerationMatch=1"},
		"glob":         {method: "GET", path: "/storage/v1/b/bucket/o?matchGlob=*"},
		"soft deleted": {method: "GET", path: "/storage/v1/b/bucket/o?softDeleted=true"},
		"folders": {method: "GET",
			path: "/storage/v1/b/bucket/o?delimiter=/&includeFoldersAsPrefixes=true"},
		"restore token":        {method: "GET", path: object + "?generation=1&restoreToken=x"},
		"buckets soft deleted": {method: "GET", path: "/storage/v1/b?project=p&softDeleted=true"},
		"JSON key": {method: "GET", path: object + "?alt=media",
			header: map[string]string{"X-Goog-Encryption-Algorithm": "AES256"}},
		"JSON date": {method: "GET", path: object,
			header: map[string]string{"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}},
		"If-Range": {method: "GET", path: object + "?alt=media",
			header: map[string]string{"If-Range": `"x"`, "Range": "bytes=0-0"}},
		"patch with an ETag": {method: "PATCH", path: object, body: `{}`,
			header: map[string]string{"If-Match": "x"}},
		"insert with an ETag": {method: "POST", path: upload + "?uploadType=media&name=k",
			header: map[string]string{"If-None-Match": "*"}},
		"ACL": {method: "PATCH", path: object,
			body: `{"acl":[{"entity":"allUsers","role":"READER"}]}`},
		"retention": {method: "PATCH", path: object,
			body: `{"retention":{"mode":"Locked"}}`},
		"misspelt field":     {method: "PATCH", path: object, body: `{"metdata":{"a":"b"}}`},
		"field of an insert": insertWith(`{"name":"k","kmsKeyName":"x"}`),
		"field of a copy": {method: "POST", path: object + "/rewriteTo/b/bucket/o/k",
			body: `{"acl":[{}]}`},
		"field of a compose": {method: "POST", path: object + "/compose", body: compose +
			`,"destination":{"retention":{"mode":"x"}}}`},
		"drop of a copy": {method: "POST", path: object +
			"/copyTo/b/bucket/o/k?dropContextGroups=custom"},
		"field of a bucket": {method: "POST", path: "/storage/v1/b",
			body: `{"name":"other","retentionPolicy":{"retentionPeriod":"1"}}`},
		"patch of a bucket": {method: "PATCH", path: "/storage/v1/b/bucket",
			body: `{"lifecycle":{"rule":[{}]}}`},
		"class of a bucket": {method: "PATCH", path: "/storage/v1/b/bucket",
			body: `{"storageClass":"NEARLINE"}`},
		"XML ACL": {method: "PUT", path: "/bucket/k?acl",
			body: "<AccessControlList/>"},
		"XML compose": {method: "PUT", path: "/bucket/k?compose",
			body: "<ComposeRequest/>"},
		"XML tagging":  {method: "GET", path: "/bucket/k?tagging"},
		"XML bucket":   {method: "GET", path: "/bucket?versioning"},
		"XML versions": {method: "GET", path: "/bucket?versions"},
		"XML header ACL": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"X-Goog-Acl": "public-read"}},
		"XML not match": {method: "GET", path: "/bucket/k",
			header: map[string]string{"X-Goog-If-Generation-Not-Match": "1"}},
		"XML put if none match": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"If-None-Match": "*"}},
		"XML delete if match": {method: "DELETE", path: "/bucket/k",
			header: map[string]string{"If-Match": "x"}},
		"XML part of an object": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"Content-Range": "bytes 0-0/1"}, body: "x"},
		"XML hash of a body": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"X-Goog-Content-Sha256": "00"}},
		"S3 copy": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"X-Amz-Copy-Source": "/bucket/k"}},
		"S3 signature": {method: "PUT", path: "/bucket/k?X-Amz-Signature=x"},
		"S3 condition": {method: "POST", path: "/bucket?delete",
			body: `<Delete><Object><Key>k</Key><ETag>x</ETag></Object></Delete>`},
		"method in a header": {method: "POST", path: upload + "?uploadType=media&name=k",
			header: map[string]string{"X-Http-Method-Override": "DELETE"}},
		"gzip on the way": {method: "POST", path: upload + "?uploadType=media&name=k",
			header: map[string]string{"Content-Encoding": "gzip"}},
		"generation of bucket": {method: "DELETE",
			path: "/storage/v1/b/bucket?ifGenerationMatch=1"},
		"hash of an XML copy": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"X-Goog-Copy-Source": "/bucket/k", "X-Goog-Hash": "md5=x"}},
		"source's condition": {method: "PUT", path: "/bucket/k",
			header: map[string]string{"X-Goog-Copy-Source-If-Match": "x"}},
		"old signature": {method: "PUT", path: "/bucket/k?GoogleAccessId=me&Expires=1&Signature=x"},
	} {
		if a := c.do(t, s.URL); a.Status != http.StatusNotImplemented ||
			a.reason() != "notImplemented" && a.reason() != "NotImplemented" {
			t.Errorf("%s: %d %s, want 501", name, a.Status, a.Body)
		}
	}
	if now := (call{method: "GET", path: object}).do(t,
		s.URL).object(t); now.Generation != before.Generation || now.Metageneration != 1 {
		t.Errorf("a refused request left %+v, was %+v", now, before)
	}
	if a := (call{method: "GET", path: "/storage/v1/b/other"}).do(t, s.URL); a.Status != 404 {
		t.Errorf("a refused bucket: %d %s", a.Status, a.Body)
	}
}

// What is neither a method nor a form that the reference knows is refused as the reference says, or
// at least refused.
func TestMalformedIsRefused(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	before := put(t, s, "bucket", "k", "x")
	const object = "/storage/v1/b/bucket/o/k"
	for name, test := range map[string]struct {
		call
		status int
	}{
		"fields after a write": {call{method: "PATCH", path: object + "?fields=(", body: `{}`},
			400},
		"fields of an insert": {call{method: "POST",
			path: "/upload/storage/v1/b/bucket/o?uploadType=media&name=k&fields=a("}, 400},
		"alt": {call{method: "GET", path: object + "?alt=proto"}, 400},
		"alt of a patch": {call{method: "PATCH", path: object + "?alt=media", body: `{}`},
			400},
		"unknown method": {call{method: "POST", path: object + "/restore?generation=1"},
			404},
		"a copy's method": {call{method: "PUT", path: object + "/copyTo/b/bucket/o/c"},
			404},
		"a copy without a name": {call{method: "POST", path: object + "/copyTo/b/bucket/o/"},
			400},
		"metadata directive": {call{"PUT", "/bucket/k",
			map[string]string{"X-Goog-Copy-Source": "/bucket/k",
				"X-Goog-Metadata-Directive": "KEEP"}, ""}, 400},
		"encoding of a list": {call{method: "GET", path: "/bucket?encoding-type=base64"}, 400},
		"encoding of uploads": {call{method: "GET",
			path: "/bucket?uploads&encoding-type=base64"}, 400},
		"version of a list": {call{method: "GET", path: "/bucket?list-type=3"}, 400},
		"response-content-type": {call{method: "GET",
			path: "/bucket/k?response-content-type=text/x"}, 400},
		"a field of a source": {call{method: "POST", path: object + "/compose",
			body: `{"sourceObjects":[{"name":"k","ifMetagenerationMatch":"9"}]}`}, 400},
		"a form": {call{method: "POST", path: "/bucket/k", body: "x"}, 405},
		"two resources": {call{method: "POST", path: "/bucket/k?uploads&uploadId=x"},
			405},
		"an escaped method": {call{method: "POST", path: object + "%2Fcompose",
			body: `{"sourceObjects":[{"name":"k"}]}`}, 404},
		"upload without its path": {call{method: "POST",
			path: "/storage/v1/b/bucket/o?uploadType=media&name=k"}, 404},
	} {
		if a := test.do(t, s.URL); a.Status != test.status || a.reason() == "" {
			t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, test.status)
		}
	}
	if now := (call{method: "GET", path: object}).do(t,
		s.URL).object(t); now.Generation != before.Generation || now.Metageneration != 1 {
		t.Errorf("a refused request left %+v, was %+v", now, before)
	}
}
