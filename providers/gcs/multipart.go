package gcs

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// XML multipart uploads: https://cloud.google.com/storage/docs/multipart-uploads.

func (s *Store) createMultipart(ctx context.Context, key string, attrs *attributes) (string, error) {
	var answer struct{ UploadId string }
	a := &attempt{write: true, missing: storage.ErrNoBucket}
	_, err := s.sendXML(ctx, a, request{method: http.MethodPost, url: s.xmlObject(key) + "?uploads", header: attrs.header()}, &answer)
	if err != nil {
		return "", err
	}
	return "m" + answer.UploadId, nil
}

// putMultipart sends a part with its CRC32C. The answer has that of what arrived: a difference is noticed before the upload can be
// completed with the part, also where the service did not look.
func (s *Store) putMultipart(ctx context.Context, key, id string, src *wire.Source, part *storage.Part) error {
	if part.Number > maxParts {
		return invalid("part number %d is not in 1..%d", part.Number, maxParts)
	}
	a := &attempt{write: true, body: src.Section(0, part.Size)}
	resp, err := s.send(ctx, a, request{
		method: http.MethodPut,
		url:    withQuery(s.xmlObject(key), url.Values{"partNumber": {strconv.Itoa(part.Number)}, "uploadId": {id}}),
		header: http.Header{hashHeader: {"crc32c=" + encodeSum(part.Checksums.CRC32C)}},
		body:   a.body,
		size:   part.Size,
	})
	if err != nil {
		return err
	}
	drain(resp)
	if got := headerSums(resp.Header).CRC32C; got != nil && !bytes.Equal(got, part.Checksums.CRC32C) {
		return wire.Mismatch("CRC32C", got, part.Checksums.CRC32C)
	}
	if etag := resp.Header.Get("ETag"); etag != "" {
		part.ETag = etag
	}
	return nil
}

type completion struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Part    []completedPart
}

type completedPart struct {
	PartNumber int
	ETag       string
}

func (s *Store) completeMultipart(ctx context.Context, key, id string, parts []*storage.Part, sums storage.Checksums) (*storage.Object, error) {
	var list completion
	var size int64
	for _, p := range parts {
		size += p.Size
		list.Part = append(list.Part, completedPart{p.Number, p.ETag})
	}
	body, err := xml.Marshal(&list)
	if err != nil {
		return nil, invalid("parts: %w", err)
	}
	a := &attempt{write: true}
	var answer xmlError // it is one that comes with status 200 where the service began to answer too early
	h, err := s.sendXML(ctx, a, request{
		method: http.MethodPost,
		url:    withQuery(s.xmlObject(key), url.Values{"uploadId": {id}}),
		header: http.Header{"Content-Type": {"application/xml"}},
		body:   bytes.NewReader(body),
		size:   int64(len(body)),
	}, &answer)
	if err != nil {
		return nil, err
	}
	if answer.XMLName.Local == "Error" {
		return nil, refusal(a, http.StatusInternalServerError, answer.said())
	}
	generation := h.Get("X-Goog-Generation")
	o := &storage.Object{Key: key, Size: size, ETag: etagOf(generation), VersionID: generation, Checksums: storage.Checksums{CRC32C: sums.CRC32C}}
	if generation != "" {
		return o, nil
	}
	// The reference does not promise the generation. The object that is there now is ours if its bytes are; another writer's, with
	// other bytes, leaves ours unknown.
	if now, err := s.Stat(ctx, key, &storage.StatOptions{}); err == nil && now.Size == size && bytes.Equal(now.Checksums.CRC32C, sums.CRC32C) {
		o.ETag, o.VersionID = now.ETag, now.VersionID
	}
	return o, nil
}

func (s *Store) abortMultipart(ctx context.Context, key, id string) error {
	resp, err := s.send(ctx, &attempt{write: true}, request{method: http.MethodDelete, url: withQuery(s.xmlObject(key), url.Values{"uploadId": {id}})})
	if err == nil {
		drain(resp)
		return nil
	}
	if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrNotExist {
		return nil
	}
	return err
}

func (s *Store) listMultipart(ctx context.Context, key, id string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	q := url.Values{"uploadId": {id}}
	if opts.PageSize > 0 {
		q.Set("max-parts", strconv.Itoa(min(opts.PageSize, maxPage)))
	}
	if opts.PageToken != "" {
		if _, err := strconv.ParseUint(opts.PageToken, 10, 31); err != nil {
			return nil, invalid("not a page token of an upload")
		}
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
	if _, err := s.sendXML(ctx, new(attempt), request{method: http.MethodGet, url: withQuery(s.xmlObject(key), q)}, &answer); err != nil {
		return nil, err
	}
	page := &storage.PartPage{Parts: make([]*storage.Part, len(answer.Part))}
	for i, p := range answer.Part {
		page.Parts[i] = &storage.Part{Number: p.PartNumber, Size: p.Size, ETag: p.ETag}
	}
	if answer.IsTruncated {
		page.NextToken = answer.NextPartNumberMarker
	}
	return page, nil
}

// uploadList is a page of uploads. Their keys are asked for URL-encoded, since XML cannot carry every key.
type uploadList struct {
	Upload []struct {
		Key, UploadId string
		Initiated     time.Time
	}
	IsTruncated                       bool
	NextKeyMarker, NextUploadIdMarker string
	EncodingType                      string
}
