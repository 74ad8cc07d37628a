package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage/driver/httpdriver"
)

// signer makes signatures of version 4 with Authorization headers:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. They are those of
// the SDK's aws/signer/v4, whose Signer takes ten times as many allocations.
type signer struct {
	service, region string
	bareEncoding    bool // Accept-Encoding is not signed

	key atomic.Pointer[signingKey] // the last one
}

// signingKey is derived from a secret for one day.
type signingKey struct {
	secret, day, scope string
	*httpdriver.MAC
}

const (
	signingTime = "20060102T150405Z"
	algorithm   = "AWS4-HMAC-SHA256"
)

// sign sets the fields of a request that its signature needs, and returns the Authorization.
func (t *route) sign(r *request, path string, v *aws.Credentials, now time.Time) string {
	date := now.UTC().Format(signingTime)
	r.Set("X-Amz-Date", date)
	r.Set("X-Amz-Security-Token", v.SessionToken)
	var space [32]httpdriver.Field
	fields := append(space[:0], r.All()...)
	fields = append(fields, httpdriver.Field{Name: "Host", Value: t.host})
	if n := r.length(); n > 0 {
		length := strconv.FormatInt(n, 10)
		fields = append(fields, httpdriver.Field{Name: "Content-Length", Value: length})
	}
	return t.authorization(v, r.method, path, r.query, r.payload, date, fields)
}

// authorization returns the Authorization of a request, of which path and query are escaped and the
// query is sorted. The fields, which are sorted here, have the host and the length.
func (s *signer) authorization(
	v *aws.Credentials, method, path, query, payload, date string,
	fields []httpdriver.Field,
) string {
	fields = slices.DeleteFunc(fields, s.ignores)
	slices.SortFunc(fields, func(a, b httpdriver.Field) int {
		return compareFold(a.Name, b.Name)
	})
	var space, more [1 << 10]byte
	b := append(space[:0], method...)
	b = append(append(b, '\n'), path...)
	b = append(append(b, '\n'), query...)
	b = append(b, '\n')
	for _, f := range fields {
		b = append(appendLower(b, f.Name), ':')
		b = append(appendTidy(b, f.Value), '\n')
	}
	names := len(b) + 1
	for i, f := range fields {
		b = appendLower(append(b, "\n;"[min(i, 1)]), f.Name)
	}
	end := len(b)
	b = append(append(b, '\n'), payload...)
	sum := sha256.Sum256(b)

	key := s.keyOf(v.SecretAccessKey, date[:len("20060102")])
	a := append(more[:0], algorithm+"\n"...)
	a = append(append(a, date...), '\n')
	a = append(append(a, key.scope...), '\n')
	a = hex.AppendEncode(a, sum[:])
	sum = key.Sum(a)

	a = append(more[:0], algorithm+" Credential="...)
	a = append(append(a, v.AccessKeyID...), '/')
	a = append(append(a, key.scope...), ", SignedHeaders="...)
	a = append(append(a, b[names:end]...), ", Signature="...)
	return string(hex.AppendEncode(a, sum[:]))
}

// ignores reports whether a field is on its own: what is in between may alter it.
func (s *signer) ignores(f httpdriver.Field) bool {
	switch f.Name {
	case "Authorization", "Expect", "Transfer-Encoding", "User-Agent", "X-Amzn-Trace-Id":
		return true
	case "Accept-Encoding":
		return s.bareEncoding
	}
	return false
}

// keyOf returns the key of a day. It is made anew where the day or the secret has changed.
func (s *signer) keyOf(secret, day string) *signingKey {
	k := s.key.Load()
	if k == nil || k.day != day || k.secret != secret {
		key := []byte("AWS4" + secret)
		for _, part := range [...]string{day, s.region, s.service, "aws4_request"} {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(part))
			key = h.Sum(nil)
		}
		k = &signingKey{
			secret: secret, day: day,
			scope: day + "/" + s.region + "/" + s.service + "/aws4_request",
			MAC:   httpdriver.NewMAC(key),
		}
		s.key.Store(k)
	}
	return k
}

// compareFold compares names as if they were in lower case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if d := int(lower(a[i])) - int(lower(b[i])); d != 0 {
			return d
		}
	}
	return len(a) - len(b)
}

func appendLower(b []byte, name string) []byte {
	for i := range len(name) {
		b = append(b, lower(name[i]))
	}
	return b
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// appendTidy appends a value without the spaces around it, and with one where it has several.
func appendTidy(b []byte, value string) []byte {
	value = strings.TrimSpace(value)
	for i := range len(value) {
		if value[i] != ' ' || value[i-1] != ' ' {
			b = append(b, value[i])
		}
	}
	return b
}
