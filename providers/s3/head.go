package s3

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// gotten is the object that the headers of an answer describe.
func (s *Store) gotten(key string, resp *http.Response) *storage.Object {
	h := resp.Header
	tags := 0
	if count := header(h, "X-Amz-Tagging-Count"); count != nil {
		tags, _ = strconv.Atoi(*count)
	}
	return &storage.Object{
		Key:                key,
		Size:               resp.ContentLength,
		ETag:               etagOf(header(h, "Etag")),
		VersionID:          s.versionOf(header(h, "X-Amz-Version-Id")),
		ModTime:            httpdriver.ParseTime(h.Get("Last-Modified")).Truncate(time.Second),
		ContentType:        h.Get("Content-Type"),
		ContentEncoding:    h.Get("Content-Encoding"),
		ContentDisposition: h.Get("Content-Disposition"),
		ContentLanguage:    h.Get("Content-Language"),
		CacheControl:       h.Get("Cache-Control"),
		Metadata:           s.ownMetadata(metadataIn(h)),
		StorageClass:       h.Get("X-Amz-Storage-Class"),
		TagCount:           tags,
		Checksums: answered(
			types.ChecksumType(h.Get("X-Amz-Checksum-Type")),
			header(h, "X-Amz-Checksum-Crc32"), header(h, "X-Amz-Checksum-Crc32c"),
			header(h, "X-Amz-Checksum-Crc64nvme"), header(h, "X-Amz-Checksum-Md5"),
			header(h, "X-Amz-Checksum-Sha1"), header(h, "X-Amz-Checksum-Sha256"),
		),
	}
}

// header is the value of a field, nil where there is none.
func header(h http.Header, name string) *string {
	if values := h[name]; len(values) > 0 {
		return &values[0]
	}
	return nil
}

// metadataIn are the entries as they are on the wire, nil for none.
func metadataIn(h http.Header) map[string]string {
	var m map[string]string
	for name, values := range h {
		if entry, ok := strings.CutPrefix(name, "X-Amz-Meta-"); ok && len(values) > 0 {
			if m == nil {
				m = make(map[string]string)
			}
			m[strings.ToLower(entry)] = values[0]
		}
	}
	return m
}
