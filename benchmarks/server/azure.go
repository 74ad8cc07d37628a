package server

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveAzure answers what small blobs need. path is ACCOUNT/CONTAINER/BLOB.
func (s *Server) serveAzure(w http.ResponseWriter, r *http.Request, path string) {
	_, path, _ = strings.Cut(path, "/")
	_, key, _ := strings.Cut(path, "/")
	h := w.Header()
	h.Set("X-Ms-Request-Id", "00000000-0000-0000-0000-000000000000")
	h.Set("X-Ms-Version", r.Header.Get("X-Ms-Version"))
	switch r.Method {
	case http.MethodPut:
		if r.URL.Query().Has("comp") || r.Header.Get("X-Ms-Blob-Type") != "BlockBlob" {
			refuse(w, http.StatusNotImplemented, "NotImplemented")
			return
		}
		s.putBlob(w, r, key)
	case http.MethodGet, http.MethodHead:
		s.getBlob(w, r, key)
	case http.MethodDelete:
		if s.object(key) == nil {
			refuseBlob(w, http.StatusNotFound, "BlobNotFound")
			return
		}
		s.Remove(key)
		w.WriteHeader(http.StatusAccepted)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func (s *Server) putBlob(w http.ResponseWriter, r *http.Request, key string) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		refuseBlob(w, http.StatusBadRequest, "InvalidInput")
		return
	}
	o := &object{
		size: int64(len(data)), data: data, modified: time.Now(),
		etag: fmt.Sprintf("\"0x%015X\"", s.ids.Add(1)), header: make(http.Header),
	}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Ms-Meta-") {
			o.header[name] = values
		}
	}
	s.set(key, o)
	h := w.Header()
	h.Set("Etag", o.etag)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	if sum := r.Header.Get("X-Ms-Content-Crc64"); sum != "" {
		h.Set("X-Ms-Content-Crc64", sum)
	}
	h.Set("X-Ms-Request-Server-Encrypted", "true")
	w.WriteHeader(http.StatusCreated)
}

func (s *Server) getBlob(w http.ResponseWriter, r *http.Request, key string) {
	o := s.object(key)
	if o == nil {
		refuseBlob(w, http.StatusNotFound, "BlobNotFound")
		return
	}
	h := w.Header()
	for name, values := range o.header {
		if strings.HasPrefix(name, "X-Ms-Meta-") {
			h[name] = values
		}
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Etag", o.etag)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("X-Ms-Creation-Time", o.modified.UTC().Format(http.TimeFormat))
	h.Set("X-Ms-Blob-Type", "BlockBlob")
	h.Set("X-Ms-Server-Encrypted", "true")
	h.Set("X-Ms-Lease-State", "available")
	h.Set("X-Ms-Lease-Status", "unlocked")
	h.Set("X-Ms-Access-Tier", "Hot")
	h.Set("Accept-Ranges", "bytes")
	begin, end, status := int64(0), o.size, http.StatusOK
	ranged := r.Header.Get("X-Ms-Range")
	if ranged == "" {
		ranged = r.Header.Get("Range")
	}
	if ranged != "" {
		var ok bool
		if begin, end, ok = parseRange(ranged, o.size); !ok {
			refuseBlob(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", begin, end-1, o.size))
		status = http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.FormatInt(end-begin, 10))
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	o.send(w, status, begin, end)
}

func refuseBlob(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Ms-Error-Code", code)
	refuse(w, status, code)
}
