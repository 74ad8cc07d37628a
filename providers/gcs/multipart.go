package gcs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// XML multipart uploads: https://cloud.google.com/storage/docs/multipart-uploads.

func (s *Store) createMultipart(
	ctx context.Context, key string, attrs *attributes,
) (string, error) {
	var answer struct{ UploadId string }
	a := writing().ofBucket()
	_, err := s.sendXML(ctx, a, request{
		method: http.MethodPost, url: s.xmlObject(key) + "?uploads", header: attrs.header(),
	},
		"InitiateMultipartUploadResult", &answer)
	if err != nil {
		return "", err
	}
	if answer.UploadId == "" {
		return "", a.Foreign("an upload without an ID")
	}
	return "m" + answer.UploadId, nil
}

// putMultipart sends a part with its CRC32C, and returns that of what arrived, if the service says
// it.
func (s *Store) putMultipart(
	ctx context.Context, key, id string, src *driver.Source, part *storage.Part,
) (arrived []byte, err error) {
	if err := driver.CheckPartNumber(part.Number, maxParts); err != nil {
		return nil, err
	}
	a := writing()
	a.Body = src.Section(0, part.Size)
	resp, err := s.send(ctx, a, request{
		method: http.MethodPut,
		url: withQuery(
			s.xmlObject(key),
			url.Values{"partNumber": {strconv.Itoa(part.Number)}, "uploadId": {id}},
		),
		header: http.Header{hashHeader: {"crc32c=" + httpdriver.EncodeSum(part.Checksums.CRC32C)}},
		body:   a.Body,
		size:   part.Size,
	})
	if err != nil {
		return nil, err
	}
	httpdriver.Drain(resp)
	if part.ETag = resp.Header.Get("ETag"); part.ETag == "" {
		return nil, a.Foreign("a part without an ETag")
	}
	sums := headerSums(resp.Header)
	// The reference does not say what the ETag is. Where it is the MD5 of what arrived, which goes
	// with it, the same bytes have the same one.
	part.Repeatable = sums.MD5 != nil &&
		strings.Trim(part.ETag, `"`) == hex.EncodeToString(sums.MD5)
	return sums.CRC32C, nil
}

type completion struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Part    []completedPart
}

type completedPart struct {
	PartNumber int
	ETag       string
}

func (s *Store) completeMultipart(
	ctx context.Context, key, id string, parts []*storage.Part, sums storage.Checksums,
	opts *storage.PutOptions,
) (*storage.Object, error) {
	var list completion
	var size int64
	for _, p := range parts {
		size += p.Size
		list.Part = append(list.Part, completedPart{p.Number, p.ETag})
	}
	body, err := xml.Marshal(&list)
	if err != nil {
		return nil, driver.Invalidf("parts: %w", err)
	}
	var answer struct{}
	h, err := s.sendXML(ctx, writing(), request{
		method: http.MethodPost,
		url:    withQuery(s.xmlObject(key), url.Values{"uploadId": {id}}),
		header: http.Header{"Content-Type": {"application/xml"}},
		body:   bytes.NewReader(body),
		size:   int64(len(body)),
	}, "CompleteMultipartUploadResult", &answer)
	if err != nil {
		return nil, err
	}
	generation := h.Get("X-Goog-Generation")
	o := &storage.Object{
		Key: key, Size: size, ETag: etagOf(generation), VersionID: generation,
		Checksums: storage.Checksums{CRC32C: sums.CRC32C},
	}
	if generation != "" {
		return o, nil
	}
	// The reference does not promise the generation. The object that is there now is ours if it is
	// what we wrote; another writer's leaves ours unknown.
	now, err := s.Stat(ctx, key, &storage.StatOptions{})
	if err == nil && now.Size == size && bytes.Equal(now.Checksums.CRC32C, sums.CRC32C) &&
		describes(opts, now) {
		o.ETag, o.VersionID = now.ETag, now.VersionID
	}
	return o, nil
}

// describes reports whether a write with these options leaves what o says beside the bytes. Its
// metadata names the write, and another writer's change of the headers can carry that over.
func describes(opts *storage.PutOptions, o *storage.Object) bool {
	return maps.Equal(o.Metadata, opts.Metadata) &&
		o.ContentType == cmp.Or(opts.ContentType, defaultType) &&
		o.ContentEncoding == opts.ContentEncoding &&
		o.ContentDisposition == opts.ContentDisposition &&
		o.ContentLanguage == opts.ContentLanguage &&
		o.CacheControl == opts.CacheControl &&
		(o.StorageClass == opts.StorageClass || opts.StorageClass == "")
}

func (s *Store) abortMultipart(ctx context.Context, key, id string) error {
	a := writing()
	err := s.sendDelete(
		ctx, a,
		request{
			method: http.MethodDelete,
			url:    withQuery(s.xmlObject(key), url.Values{"uploadId": {id}}),
		},
	)
	if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrNotExist {
		return nil
	}
	return err
}

func (s *Store) listMultipart(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	q := url.Values{"uploadId": {id}}
	if opts.PageSize > 0 {
		q.Set("max-parts", strconv.Itoa(min(opts.PageSize, maxPage)))
	}
	if _, err := driver.ParsePartToken(opts.PageToken); err != nil {
		return nil, err
	}
	if opts.PageToken != "" {
		q.Set("part-number-marker", opts.PageToken)
	}
	var answer struct {
		Part []struct {
			PartNumber int
			Size       int64
			ETag       string
		}
		IsTruncated          bool
		NextPartNumberMarker string
	}
	a, r := new(attempt), request{method: http.MethodGet, url: withQuery(s.xmlObject(key), q)}
	if _, err := s.sendXML(ctx, a, r, "ListPartsResult", &answer); err != nil {
		return nil, err
	}
	page := &storage.PartPage{Parts: make([]*storage.Part, len(answer.Part))}
	for i, p := range answer.Part {
		page.Parts[i] = &storage.Part{Number: p.PartNumber, Size: p.Size, ETag: p.ETag}
	}
	if answer.IsTruncated {
		page.NextToken = answer.NextPartNumberMarker
		if page.NextToken == "" || page.NextToken == opts.PageToken {
			return nil, a.Foreign(endless)
		}
	}
	return page, nil
}

// uploadList is a page of uploads. Their keys are asked for URL-encoded, since XML cannot carry
// every key.
type uploadList struct {
	Upload []struct {
		Key, UploadId string
		Initiated     time.Time
	}
	IsTruncated                       bool
	NextKeyMarker, NextUploadIdMarker string
	EncodingType                      string
}
