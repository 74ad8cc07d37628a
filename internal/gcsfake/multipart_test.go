package gcsfake_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/gcsfake"
)

const minPart = 5 << 20

func initiate(t *testing.T, s *gcsfake.Server, path string, header map[string]string) (id string) {
	t.Helper()
	var result struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}
	a := call{method: "POST", path: path + "?uploads", header: header}.do(t, s.URL)
	if err := xml.Unmarshal([]byte(a.Body), &result); err != nil || result.UploadId == "" {
		t.Fatalf("initiate: %d %s", a.Status, a.Body)
	}
	return result.UploadId
}

func sendPart(
	t *testing.T, s *gcsfake.Server, path, id string, number int, data string,
	header map[string]string,
) answer {
	t.Helper()
	return call{method: "PUT", path: fmt.Sprintf("%s?partNumber=%d&uploadId=%s", path, number, id),
		body: data, header: header}.do(t, s.URL)
}

// complete lists parts as number, ETag pairs.
func complete(
	t *testing.T, s *gcsfake.Server, path, id string, header map[string]string, parts ...string,
) answer {
	t.Helper()
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for i := 0; i < len(parts); i += 2 {
		fmt.Fprintf(&b, "<Part><PartNumber>%s</PartNumber><ETag>%s</ETag></Part>", parts[i],
			parts[i+1])
	}
	b.WriteString("</CompleteMultipartUpload>")
	return call{method: "POST", path: path + "?uploadId=" + id, body: b.String(),
		header: header}.do(t, s.URL)
}

func md5Tag(data string) string {
	sum := md5.Sum([]byte(data))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func TestMultipartUpload(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	const path = "/bucket/dir/k"
	big, tail := strings.Repeat("x", minPart), "tail"
	id := initiate(t, s, path, map[string]string{"Content-Type": "text/x", "X-Goog-Meta-A": "b",
		"X-Goog-Storage-Class": "NEARLINE"})
	if a := sendPart(t, s, path, id, 7, tail, nil); a.Status != 200 ||
		a.Header.Get("ETag") != md5Tag(tail) || len(a.Header.Values("X-Goog-Hash")) != 2 {
		t.Errorf("part: %d %v %s", a.Status, a.Header, a.Body)
	}
	sendPart(t, s, path, id, 3, "replaced", nil)
	sendPart(t, s, path, id, 3, big, nil)
	sendPart(t, s, path, id, 5, "left out", nil)

	var list struct {
		NextPartNumberMarker int
		IsTruncated          bool
		Part                 []struct {
			PartNumber, Size int
			ETag             string
		}
	}
	a := call{method: "GET", path: path + "?max-parts=2&uploadId=" + id}.do(t, s.URL)
	if err := xml.Unmarshal([]byte(a.Body), &list); err != nil || !list.IsTruncated ||
		list.NextPartNumberMarker != 5 || len(list.Part) != 2 ||
		list.Part[0].Size != minPart || list.Part[0].ETag != md5Tag(big) {
		t.Errorf("list: %s", a.Body)
	}
	list.Part, list.IsTruncated = nil, false
	a = call{method: "GET", path: path + "?part-number-marker=5&uploadId=" + id}.do(t, s.URL)
	if err := xml.Unmarshal([]byte(a.Body), &list); err != nil || len(list.Part) != 1 ||
		list.Part[0].PartNumber != 7 {
		t.Errorf("list after 5: %s", a.Body)
	}
	if exists(t, s, "dir%2Fk") {
		t.Error("the object is visible before Complete")
	}
	a = complete(t, s, path, id, nil, "3", md5Tag(big), "7", md5Tag(tail))
	var result struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}
	if err := xml.Unmarshal([]byte(a.Body), &result); err != nil || result.Key != "dir/k" ||
		a.Header.Get("X-Goog-Generation") == "" {
		t.Errorf("complete: %d %s", a.Status, a.Body)
	}
	o := call{method: "GET", path: "/storage/v1/b/bucket/o/dir%2Fk"}.do(t, s.URL).object(t)
	if o.Size != fmt.Sprint(minPart+4) || o.MD5Hash != "" || o.ContentType != "text/x" ||
		o.Metadata["a"] != "b" || o.StorageClass != "NEARLINE" {
		t.Errorf("object %+v", o)
	}
	if head := (call{method: "HEAD",
		path: path}).do(t, s.URL); head.Header.Get("ETag") != result.ETag ||
		len(head.Header.Values("X-Goog-Hash")) != 1 {
		t.Errorf("head %v, want the ETag %s and no MD5", head.Header, result.ETag)
	}
	for name, a := range map[string]answer{
		"complete": complete(t, s, path, id, nil, "3", md5Tag(big)),
		"part":     sendPart(t, s, path, id, 1, "x", nil),
		"abort":    call{method: "DELETE", path: path + "?uploadId=" + id}.do(t, s.URL),
		"list":     call{method: "GET", path: path + "?uploadId=" + id}.do(t, s.URL),
	} {
		if a.Status != 404 || a.reason() != "NoSuchUpload" {
			t.Errorf("%s after the end: %d %s, want NoSuchUpload", name, a.Status, a.Body)
		}
	}
}

func TestMultipartRefusals(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	const path = "/bucket/k"
	id := initiate(t, s, path, nil)
	sendPart(t, s, path, id, 1, "small", nil)
	sendPart(t, s, path, id, 2, "tail", nil)
	small, tail := md5Tag("small"), md5Tag("tail")
	conditional := map[string]string{"X-Goog-If-Generation-Match": "0"}
	for name, test := range map[string]struct {
		got    answer
		status int
		code   string
	}{
		"order": {complete(t, s, path, id, nil, "2", tail, "1", small), 400,
			"InvalidPartOrder"},
		"twice": {complete(t, s, path, id, nil, "2", tail, "2", tail), 400,
			"InvalidPartOrder"},
		"missing part": {complete(t, s, path, id, nil, "1", small, "3", tail), 400,
			"InvalidPart"},
		"missing last": {complete(t, s, path, id, nil, "3", tail), 400, "InvalidPart"},
		"other ETag":   {complete(t, s, path, id, nil, "2", small), 400, "InvalidPart"},
		"too small": {complete(t, s, path, id, nil, "1", small, "2", tail), 400,
			"EntityTooSmall"},
		"none": {complete(t, s, path, id, nil), 400,
			"MalformedCompleteMultipartUploadRequest"},
		"other key": {complete(t, s, "/bucket/other", id, nil, "2", tail), 404,
			"NoSuchUpload"},
		"number 0":     {sendPart(t, s, path, id, 0, "x", nil), 400, "InvalidArgument"},
		"number 10001": {sendPart(t, s, path, id, 10001, "x", nil), 400, "InvalidArgument"},
		"hash": {sendPart(t, s, path, id, 3, "x",
			map[string]string{"X-Goog-Hash": "crc32c=AAAAAA=="}), 400, "CrcMismatch"},
		"MD5": {sendPart(t, s, path, id, 3, "x",
			map[string]string{"Content-Md5": "AAAAAAAAAAAAAAAAAAAAAA=="}), 400, "BadDigest"},
		"copied part": {sendPart(t, s, path, id, 3, "",
			map[string]string{"X-Goog-Copy-Source": "/bucket/k"}), 400, "NotImplemented"},
		"missing bucket": {call{method: "POST", path: "/missing/k?uploads"}.do(t, s.URL), 404,
			"NoSuchBucket"},
		"cond. initiate": {call{method: "POST", path: path + "?uploads", header: conditional}.do(t,
			s.URL), 400, "NotImplemented"},
		"cond. part": {sendPart(t, s, path, id, 3, "x", conditional), 400, "NotImplemented"},
		"cond. complete": {complete(t, s, path, id, conditional, "2", tail), 400,
			"NotImplemented"},
		"parts after x": {call{method: "GET", path: path + "?part-number-marker=x&uploadId=" +
			id}.do(t, s.URL), 400, "InvalidArgument"},
		"unknown method": {call{method: "PATCH", path: path + "?uploadId=" + id}.do(t, s.URL), 405,
			"MethodNotAllowed"},
		"too much in all": {call{method: "POST", path: path + "?uploads",
			header: map[string]string{"X-Goog-Meta-A": strings.Repeat("x", 9000)}}.do(t, s.URL),
			400, "MetadataTooLarge"},
	} {
		if test.got.Status != test.status || test.got.reason() != test.code {
			t.Errorf("%s: %d %s, want %d %s", name, test.got.Status, test.got.Body, test.status,
				test.code)
		}
	}
	if exists(t, s, "k") {
		t.Error("a refused upload left an object")
	}
	if a := (call{method: "DELETE", path: path + "?uploadId=" + id}).do(t,
		s.URL); a.Status != http.StatusNoContent {
		t.Errorf("abort: %d %s", a.Status, a.Body)
	}
}

// A hold is in the way of the last step alone: the upload is still there when it is lifted.
func TestMultipartHeld(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "k", "old")
	hold := func(on bool) {
		call{method: "PATCH", path: "/storage/v1/b/bucket/o/k",
			body: fmt.Sprintf(`{"temporaryHold":%t}`, on)}.do(t, s.URL)
	}
	id := initiate(t, s, "/bucket/k", nil)
	sendPart(t, s, "/bucket/k", id, 1, "new", nil)
	hold(true)
	if a := complete(t, s, "/bucket/k", id, nil, "1", md5Tag("new")); a.Status != 403 ||
		a.reason() != "ObjectUnderActiveHold" {
		t.Errorf("complete: %d %s, want 403", a.Status, a.Body)
	}
	hold(false)
	if a := complete(t, s, "/bucket/k", id, nil, "1", md5Tag("new")); a.Status != 200 {
		t.Errorf("complete: %d %s", a.Status, a.Body)
	}
}

func TestListUploads(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	want := map[string]bool{}
	for _, key := range []string{"b/2", "a", "b/1", "b/1", "c&d", "z"} {
		want[key+" "+initiate(t, s, "/bucket/"+strings.ReplaceAll(key, "&", "%26"), nil)] = true
	}
	type page struct {
		NextKeyMarker, NextUploadIdMarker string
		IsTruncated                       bool
		Upload                            []struct{ Key, UploadId string }
		CommonPrefixes                    []struct{ Prefix string }
	}
	get := func(query string) (p page) {
		t.Helper()
		a := call{method: "GET", path: "/bucket?uploads&" + query}.do(t, s.URL)
		if err := xml.Unmarshal([]byte(a.Body), &p); err != nil {
			t.Fatalf("%s: %v", a.Body, err)
		}
		return p
	}
	for _, size := range []int{1, 2, 3, 100} {
		got := map[string]bool{}
		p := page{IsTruncated: true}
		for last := ""; p.IsTruncated; {
			p = get(fmt.Sprintf("max-uploads=%d&key-marker=%s&upload-id-marker=%s", size,
				strings.ReplaceAll(p.NextKeyMarker, "&", "%26"), p.NextUploadIdMarker))
			for _, u := range p.Upload {
				entry := u.Key + " " + u.UploadId
				if entry <= last {
					t.Errorf("page size %d: %s after %s", size, entry, last)
				}
				got[entry], last = true, entry
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("page size %d: -want +got\n%s", size, diff)
		}
	}
	p := get("delimiter=/&max-uploads=2")
	if len(p.Upload) != 1 || len(p.CommonPrefixes) != 1 || p.CommonPrefixes[0].Prefix != "b/" ||
		p.NextKeyMarker != "b/" {
		t.Errorf("delimited: %+v", p)
	}
	if p := get("delimiter=/&key-marker=b/"); len(p.Upload) != 2 || len(p.CommonPrefixes) != 0 {
		t.Errorf("delimited, second page: %+v", p)
	}
	if p := get("prefix=b/1"); len(p.Upload) != 2 {
		t.Errorf("by prefix: %+v", p)
	}
	if p := get("encoding-type=url&prefix=c"); len(p.Upload) != 1 || p.Upload[0].Key != "c%26d" {
		t.Errorf("encoded: %+v", p)
	}
}
