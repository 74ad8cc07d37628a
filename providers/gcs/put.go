package gcs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Put makes one multipart insert of the JSON API: attributes with the CRC32C, then the bytes.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if size > maxObject {
		return nil, driver.Invalidf("%d bytes, at most %d", size, int64(maxObject))
	}
	if err := checkMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	attrs, err := s.attributesOf(key, opts)
	if err != nil {
		return nil, err
	}
	src, err := driver.NewSource(body, size)
	if err != nil {
		return nil, err
	}
	payload := src.Section(0, size)
	sum, err := s.seal(ctx, payload, &opts.Checksums, nil)
	if err != nil {
		return nil, err
	}
	attrs.CRC32C = httpdriver.EncodeSum(sum)
	if opts.Checksums.MD5 != nil {
		attrs.MD5 = httpdriver.EncodeSum(opts.Checksums.MD5)
	}
	a := writing().ofBucket()
	a.Body = payload
	target := s.jsonUploads() + "?uploadType=multipart"
	if g := condition(opts.IfAbsent, opts.IfMatch, a); g != "" {
		target += "&" + ifGeneration + "=" + g
	}
	related, length, boundary, err := related(attrs, a.Body, size)
	if err != nil {
		return nil, err
	}
	r := resource{Size: -1}
	err = s.sendJSON(ctx, a, request{
		method: http.MethodPost,
		url:    target,
		header: http.Header{"Content-Type": {"multipart/related; boundary=" + boundary}},
		body:   related,
		size:   length,
	}, &r)
	if err != nil {
		return nil, err
	}
	if r.isNone() {
		return nil, a.Foreign(noObject)
	}
	return r.written(key), nil
}

// related is a body of two parts (RFC 2387), its length, and the boundary, which is random since
// the bytes may hold anything.
func related(
	attrs *attributes, bytesOf io.Reader, size int64,
) (body io.Reader, length int64, boundary string, err error) {
	boundary = rand.Text()
	document, err := json.Marshal(attrs)
	if err != nil {
		return nil, 0, "", driver.Invalidf("attributes: %w", err)
	}
	r := &relatedBody{bytesOf: bytesOf}
	r.head.Reset("--" + boundary +
		"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + string(document) +
		"\r\n--" + boundary + "\r\nContent-Type: " + attrs.ContentType + "\r\n\r\n")
	r.tail.Reset("\r\n--" + boundary + "--\r\n")
	return r, int64(r.head.Len()+r.tail.Len()) + size, boundary, nil
}

// relatedBody reads what is in front of the bytes, the bytes and what is behind them. It has no
// WriteTo, unlike an io.MultiReader, whose WriteTo makes a buffer of 32 KiB for each request, where
// net/http has one in a pool.
type relatedBody struct {
	head    strings.Reader
	bytesOf io.Reader // nil once it has ended
	tail    strings.Reader
}

func (r *relatedBody) Read(p []byte) (int, error) {
	if r.head.Len() > 0 {
		return r.head.Read(p)
	}
	if r.bytesOf != nil {
		n, err := r.bytesOf.Read(p)
		if err != io.EOF {
			return n, err
		}
		r.bytesOf = nil
		if n > 0 {
			return n, nil
		}
	}
	return r.tail.Read(p)
}
