package s3

import (
	"crypto/md5"
	"net/http"
	"testing"
)

// TestRepeatable tells the ETags that are those of a part's bytes from all others.
func TestRepeatable(t *testing.T) {
	const (
		sse  = "X-Amz-Server-Side-Encryption"
		etag = `"5d41402abc4b2a76b9719d911017c592"` // of hello
	)
	sum, other := md5.Sum([]byte("hello")), md5.Sum([]byte("other"))
	for name, c := range map[string]struct {
		provider, bucket, etag string
		header                 map[string]string
		md5                    []byte
		want                   bool
	}{
		"SSE-S3":   {"aws", "b", etag, map[string]string{sse: "AES256"}, nil, true},
		"SSE-KMS":  {"aws", "b", etag, map[string]string{sse: "aws:kms"}, nil, false},
		"DSSE-KMS": {"aws", "b", etag, map[string]string{sse: "aws:kms:dsse"}, nil, false},
		"SSE-C": {"aws", "b", etag, map[string]string{sse + "-Customer-Algorithm": "AES256"}, nil,
			false},
		"S3 is silent": {"aws", "b", etag, nil, nil, false},
		"a directory": {"aws", "b--use1-az4--x-s3", etag, map[string]string{sse: "AES256"}, nil,
			false},
		"an ETag of its own":  {"aws", "b", `"xyz"`, map[string]string{sse: "AES256"}, nil, false},
		"a longer one":        {"minio", "b", etag[:33] + `-1"`, nil, nil, false},
		"MinIO":               {"minio", "b", etag, nil, nil, true},
		"MinIO with SSE-KMS":  {"minio", "b", etag, map[string]string{sse: "aws:kms"}, nil, false},
		"versitygw":           {"versitygw", "b", etag, nil, nil, true},
		"the MD5 that went":   {"r2", "b", etag, nil, sum[:], true},
		"another MD5":         {"r2", "b", etag, nil, other[:], false},
		"an ETag without any": {"ceph", "b", "-", nil, sum[:], false},
	} {
		o := &Options{Endpoint: "http://localhost", Provider: c.provider, Region: "us-east-1",
			AccessKeyID: stubKey, SecretAccessKey: stubSecret}
		s := mustNew(t, "b", o)
		s.bucket = c.bucket
		h := make(http.Header)
		for k, v := range c.header {
			h.Set(k, v)
		}
		if got := s.repeatable(h, c.etag, c.md5); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
