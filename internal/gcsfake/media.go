package gcsfake

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveMedia answers with the data of o, or a range of it. The headers are the same in both APIs,
// but for the ETag and for custom metadata, which only the XML API has.
//
// xml-api/get-object-download; json_api/v1/objects/get; xml-api/reference-headers.
func serveMedia(
	w http.ResponseWriter, q *request, o *object, etag string, metadata map[string]string,
) error {
	plain := o.transcoded(q.Header)
	size, status := int64(len(o.data)), http.StatusOK
	start, end := int64(0), size
	if first, last, ok := parseRange(q.Header.Get("Range"), size); ok &&
		q.Method == http.MethodGet && plain == nil {
		if first >= last {
			// which has none of the headers below: they would be about another body
			return errRange(len(o.data))
		}
		start, end, status = first, last, http.StatusPartialContent
	}
	h := w.Header()
	h.Set("ETag", etag)
	for k, v := range metadata {
		h.Set(metaPrefix+k, v)
	}
	o.describe(h)
	h.Set("Last-Modified", o.updated.Format(http.TimeFormat))
	h.Set("Content-Type", or(o.contentType, "application/octet-stream"))
	// Without a Cache-Control of its own an object that is not public is served with this one; its
	// metadata stays empty (caching#cache_control).
	h.Set("Cache-Control", or(o.cacheControl, "private, max-age=0"))
	for name, v := range map[string]string{
		"Content-Disposition": o.contentDisposition,
		"Content-Language":    o.contentLanguage,
	} {
		if v != "" {
			h.Set(name, v)
		}
	}
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		if v := q.query.Get("response-" + strings.ToLower(name)); v != "" {
			h.Set(name, v)
		}
	}
	if plain != nil {
		return serveTranscoded(w, q, plain)
	}
	if o.contentEncoding != "" {
		h.Set("Content-Encoding", o.contentEncoding)
	}
	h.Set("Accept-Ranges", "bytes")
	if status == http.StatusPartialContent {
		h.Set("Content-Range", "bytes "+strconv.FormatInt(start, 10)+"-"+strconv.FormatInt(end-1,
			10)+"/"+strconv.FormatInt(size, 10))
	}
	h.Set("Content-Length", strconv.FormatInt(end-start, 10))
	w.WriteHeader(status)
	if q.Method != http.MethodHead {
		w.Write(o.data[start:end]) // fails only where nobody listens
	}
	return nil
}

// describe sets the x-goog headers of a stored object. They are about what is stored, even where
// something else is served.
func (o *object) describe(h http.Header) {
	h.Set("X-Goog-Generation", strconv.FormatInt(o.generation, 10))
	h.Set("X-Goog-Metageneration", strconv.FormatInt(o.metageneration, 10))
	h.Set("X-Goog-Stored-Content-Encoding", or(o.contentEncoding, "identity"))
	h.Set("X-Goog-Stored-Content-Length", strconv.Itoa(len(o.data)))
	h.Set("X-Goog-Storage-Class", o.storageClass)
	h.Add("X-Goog-Hash", "crc32c="+o.base64CRC32C())
	if o.md5 != nil {
		h.Add("X-Goog-Hash", "md5="+o.base64MD5())
	}
	if o.components > 0 {
		h.Set("X-Goog-Component-Count", strconv.FormatInt(o.components, 10))
	}
	if !o.customTime.IsZero() {
		h.Set("X-Goog-Custom-Time", o.customTime.UTC().Format(time.RFC3339Nano))
	}
}

func or(v, without string) string {
	if v == "" {
		return without
	}
	return v
}

// transcoded returns the uncompressed data where the object is stored with gzip, the client does
// not take that, and neither has asked for no transformation; else nil (transcoding).
func (o *object) transcoded(h http.Header) io.Reader {
	if o.contentEncoding != "gzip" || accepts(h, "gzip") ||
		strings.Contains(o.cacheControl, "no-transform") {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(o.data))
	if err != nil {
		return nil // it only says so
	}
	return r
}

func accepts(h http.Header, coding string) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for v := range strings.SplitSeq(line, ",") {
			name, quality, _ := strings.Cut(strings.ReplaceAll(v, " ", ""), ";")
			if strings.EqualFold(name, coding) && quality != "q=0" {
				return true
			}
		}
	}
	return false
}

// serveTranscoded sends all of it, without a length: a Range is ignored (transcoding#range).
func serveTranscoded(w http.ResponseWriter, q *request, plain io.Reader) error {
	w.Header().Set("Warning", "214 UploadServer gunzipped")
	w.Header().Set("Vary", "Accept-Encoding")
	w.WriteHeader(http.StatusOK)
	if q.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, plain); err != nil {
		// What was sent so far must not look like all of it. This is how net/http is told to break
		// the connection.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// parseRange returns the half-open span that a Range header asks for: first >= last where the
// object has nothing of it. A header that is not understood, or asks for several spans, counts as
// none (xml-api/reference-headers#range).
func parseRange(v string, size int64) (first, last int64, ok bool) {
	v, ok = strings.CutPrefix(v, "bytes=")
	from, to, found := strings.Cut(v, "-")
	if !ok || !found {
		return 0, 0, false
	}
	if from == "" {
		n, ok := parseOffset(to)
		return max(0, size-n), size, ok
	}
	if first, ok = parseOffset(from); !ok {
		return 0, 0, false
	}
	if to == "" {
		return first, size, true
	}
	if last, ok = parseOffset(to); !ok || last < first {
		return 0, 0, false
	}
	return first, min(last+1, size), true
}
