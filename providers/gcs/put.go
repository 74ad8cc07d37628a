package gcs

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	sum, err := s.seal(ctx, src.Section(0, size), &opts.Checksums)
	if err != nil {
		return nil, err
	}
	attrs.CRC32C = httpdriver.EncodeSum(sum)
	if opts.Checksums.MD5 != nil {
		attrs.MD5 = httpdriver.EncodeSum(opts.Checksums.MD5)
	}
	a := writing().ofBucket()
	a.Body = src.Section(0, size)
	q := url.Values{"uploadType": {"multipart"}}
	conditions(q, opts.IfAbsent, opts.IfMatch, a)
	related, length, boundary, err := related(attrs, a.Body, size)
	if err != nil {
		return nil, err
	}
	r := resource{Size: -1}
	err = s.sendJSON(ctx, a, request{
		method: http.MethodPost,
		url:    withQuery(s.jsonUploads(), q),
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
	var head bytes.Buffer
	fmt.Fprintf(&head, "--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n", boundary)
	if err := json.NewEncoder(&head).Encode(attrs); err != nil {
		return nil, 0, "", driver.Invalidf("attributes: %w", err)
	}
	fmt.Fprintf(&head, "\r\n--%s\r\nContent-Type: %s\r\n\r\n", boundary, attrs.ContentType)
	tail := "\r\n--" + boundary + "--\r\n"
	length = int64(head.Len()) + size + int64(len(tail))
	// Only a Reader: a MultiReader's WriteTo makes a buffer of 32 KiB for each request, where
	// net/http has one in a pool.
	return struct{ io.Reader }{
		io.MultiReader(&head, bytesOf, strings.NewReader(tail)),
	}, length, boundary, nil
}
