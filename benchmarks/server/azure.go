package server

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveAzure answers what blobs need that are put, read and deleted. path is
// ACCOUNT/CONTAINER/BLOB.
func (s *Server) serveAzure(w http.ResponseWriter, r *http.Request, path string) {
	_, path, _ = strings.Cut(path, "/")
	_, key, _ := strings.Cut(path, "/")
	h := w.Header()
	h.Set("X-Ms-Request-Id", "00000000-0000-0000-0000-000000000000")
	h.Set("X-Ms-Version", r.Header.Get("X-Ms-Version"))
	switch r.Method {
	case http.MethodPut:
		switch comp := r.URL.Query().Get("comp"); {
		case comp == "block":
			s.putBlock(w, r, key)
		case comp == "blocklist":
			s.putBlockList(w, r, key)
		case comp == "" && r.Header.Get("X-Ms-Blob-Type") == "BlockBlob":
			s.putBlob(w, r, key)
		default:
			refuse(w, http.StatusNotImplemented, "NotImplemented")
		}
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
	size, crc, data, err := receive(r)
	if err != nil {
		refuseBlob(w, http.StatusBadRequest, "InvalidInput")
		return
	}
	s.created(w, r, key, &object{size: size, crc: crc, data: data})
}

// putBlock keeps the size and the sum of a block.
func (s *Server) putBlock(w http.ResponseWriter, r *http.Request, key string) {
	size, crc, _, err := receive(r)
	if err != nil {
		refuseBlob(w, http.StatusBadRequest, "InvalidInput")
		return
	}
	s.mu.Lock()
	if s.blocks[key] == nil {
		s.blocks[key] = make(map[string]part)
	}
	s.blocks[key][r.URL.Query().Get("blockid")] = part{size: size, crc: crc}
	s.mu.Unlock()
	s.created(w, r, key, nil)
}

// putBlockList makes a blob of the blocks that were put last.
func (s *Server) putBlockList(w http.ResponseWriter, r *http.Request, key string) {
	var list struct{ Latest []string }
	if err := xml.NewDecoder(r.Body).Decode(&list); err != nil || len(list.Latest) == 0 {
		refuseBlob(w, http.StatusBadRequest, "InvalidXmlDocument")
		return
	}
	s.mu.Lock()
	blocks := s.blocks[key]
	delete(s.blocks, key)
	s.mu.Unlock()
	o := new(object)
	for _, id := range list.Latest {
		b, ok := blocks[id]
		if !ok {
			refuseBlob(w, http.StatusBadRequest, "InvalidBlockList")
			return
		}
		o.crc = combine(castagnoliPoly, o.crc, b.crc, b.size)
		o.size += b.size
	}
	s.created(w, r, key, o)
}

// created keeps o, if it is one, and answers.
func (s *Server) created(w http.ResponseWriter, r *http.Request, key string, o *object) {
	h := w.Header()
	if o != nil {
		o.modified, o.header = time.Now(), make(http.Header)
		o.etag = fmt.Sprintf("\"0x%015X\"", s.ids.Add(1))
		for name, values := range r.Header {
			if strings.HasPrefix(name, "X-Ms-Meta-") {
				o.header[name] = values
			}
		}
		s.set(key, o)
		h.Set("Etag", o.etag)
		h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	}
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
	if tag := r.Header.Get("If-Match"); tag != "" && tag != o.etag {
		refuseBlob(w, http.StatusPreconditionFailed, "ConditionNotMet")
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
