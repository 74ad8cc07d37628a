package s3

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// request is a request of a hot verb, one for an object or for a part, as the SDK would make it. It
// is built by hand because the SDK takes some 400 allocations for that.
type request struct {
	attempt
	method  string
	key     string
	query   string          // sorted and escaped
	body    *driver.Payload // nil: none
	trailed *trailed        // body with its sum behind it; nil: as it is
	payload string          // what stands for the body in the signature

	// Their names are in the form of http.CanonicalHeaderKey.
	httpdriver.Fields
}

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	emptyPayload    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// continueFrom is the size of bodies, in bytes, from which it is worth a round trip to hear first
// whether the service wants them.
const continueFrom = 2 << 20

// newRequest returns a request without a body.
func newRequest(method, key, query string) *request {
	r := &request{method: method, key: key, query: query, payload: emptyPayload}
	r.Set("Accept-Encoding", "identity")
	return r
}

// wait has a large body wait for the service's word before it goes up.
func (r *request) wait() {
	if r.body.Size() >= continueFrom {
		r.Set("Expect", "100-continue")
	}
}

// newUpload returns a request that writes body, with the sums that seal gives.
func newUpload(
	key, query string, body *driver.Payload, sums *storage.Checksums, payload string,
) *request {
	r := newRequest(http.MethodPut, key, query)
	r.Write, r.Body, r.body, r.payload = true, body, body, payload
	if payload == trailedPayload {
		r.trail()
	}
	for _, sum := range [...]struct {
		name  string
		value []byte
	}{
		{"Content-Md5", sums.MD5},
		{"X-Amz-Checksum-Crc32", sums.CRC32},
		{"X-Amz-Checksum-Crc32c", sums.CRC32C},
		{"X-Amz-Checksum-Crc64nvme", sums.CRC64NVME},
		{"X-Amz-Checksum-Sha1", sums.SHA1},
		{"X-Amz-Checksum-Sha256", sums.SHA256},
	} {
		r.setOptional(sum.name, encodeSum(sum.value))
	}
	return r
}

// length is the size of what is sent, in bytes.
func (r *request) length() int64 {
	switch {
	case r.body == nil:
		return 0
	case r.trailed != nil:
		return r.trailed.size()
	}
	return r.body.Size()
}

// newRead returns a read of what c asks for.
func newRead(method, key string, c *storage.StatOptions) *request {
	query := ""
	if c.VersionID != "" {
		query = "versionId=" + escape(c.VersionID, false)
	}
	if method == http.MethodGet {
		query = strings.TrimPrefix(query+"&x-id=GetObject", "&")
	}
	r := newRequest(method, key, query)
	r.reads = true
	r.setOptional("If-Match", readMatch(c.IfMatch))
	r.setOptional("If-None-Match", readNoneMatch(c.IfNoneMatch, c.IfMatch))
	if !c.IfModifiedSince.IsZero() && c.IfNoneMatch == "" { // which makes it void
		r.Set("If-Modified-Since", c.IfModifiedSince.UTC().Format(http.TimeFormat))
	}
	return r
}

func (r *request) setOptional(name string, value *string) {
	if value != nil {
		r.Set(name, *value)
	}
}

// setExtras sets what a write gives an object beside its bytes.
func (r *request) setExtras(x *extras) {
	for name, value := range x.metadata {
		r.Set(http.CanonicalHeaderKey("X-Amz-Meta-"+name), value)
	}
	r.setOptional("X-Amz-Tagging", x.tagging)
	r.Set("X-Amz-Storage-Class", string(x.class))
}

// partQuery is the query of an UploadPart.
func partQuery(uploadID string, number int) string {
	return "partNumber=" + strconv.Itoa(number) + "&uploadId=" + escape(uploadID, false) +
		"&x-id=UploadPart"
}

// escape escapes s as the signature has it, in a path with its slashes left alone.
func escape(s string, path bool) string {
	plain := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '-' || c == '.' || c == '_' || c == '~' || c == '/' && path
	}
	odd := 0
	for i := range len(s) {
		if !plain(s[i]) {
			odd++
		}
	}
	if odd == 0 {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+2*odd)
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
