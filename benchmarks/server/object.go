package server

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// object is what a key holds.
type object struct {
	size     int64
	crc      uint32 // CRC32C
	etag     string
	modified time.Time
	header   http.Header // of its responses
	entry    string      // of a list, which is made once

	path  string // its file
	parts bool   // it came in parts of PartSize
	data  []byte // its bytes, without a file; nil: dropped
}

func (s *Server) newETag() string { return fmt.Sprintf("\"%032x\"", s.ids.Add(1)) }

func (s *Server) object(key string) *object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.objects[key]
}

func (s *Server) set(key string, o *object) {
	o.entry = listEntry(key, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[key]
	s.objects[key] = o
	if old == nil {
		s.keys = nil
	} else if old.path != "" {
		os.Remove(old.path) // in a directory that goes with the process
	}
}

// Remove removes an object.
func (s *Server) Remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.objects[key]; o != nil {
		if o.path != "" {
			os.Remove(o.path)
		}
		delete(s.objects, key)
		s.keys = nil
	}
}

// get answers GET and HEAD, a range of one part included.
func (s *Server) get(w http.ResponseWriter, r *http.Request, key string) {
	o := s.object(key)
	if o == nil {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if tag := r.Header.Get("If-Match"); tag != "" && tag != o.etag {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	h := w.Header()
	h.Set("Etag", o.etag)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	ranged := r.Header.Get("Range")
	for name, values := range o.header {
		if ranged == "" || !strings.HasPrefix(name, "X-Amz-Checksum-") {
			h[name] = values
		}
	}
	begin, end := int64(0), o.size
	status := http.StatusOK
	if ranged != "" {
		var ok bool
		if begin, end, ok = parseRange(ranged, o.size); !ok {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", o.size))
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", begin, end-1, o.size))
		status = http.StatusPartialContent
	}
	if n, err := strconv.ParseInt(r.URL.Query().Get("partNumber"), 10, 64); err == nil && o.parts {
		begin = min(o.size, (n-1)*PartSize)
		end = min(o.size, begin+PartSize)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", begin, end-1, o.size))
		h.Set("X-Amz-Mp-Parts-Count", strconv.FormatInt((o.size+PartSize-1)/PartSize, 10))
		for name := range o.header {
			if strings.HasPrefix(name, "X-Amz-Checksum-") {
				h.Del(name)
			}
		}
		status = http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.FormatInt(end-begin, 10))
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return
	}
	o.send(w, status, begin, end)
}

func (o *object) send(w http.ResponseWriter, status int, begin, end int64) {
	switch {
	case o.path != "":
		f, err := os.Open(o.path)
		if err != nil {
			refuse(w, http.StatusInternalServerError, "InternalError")
			return
		}
		defer f.Close()
		if _, err := f.Seek(begin, io.SeekStart); err != nil {
			refuse(w, http.StatusInternalServerError, "InternalError")
			return
		}
		w.WriteHeader(status)
		io.CopyN(w, f, end-begin) // sendfile; fails where the client has gone
	case o.data == nil && o.size > 0:
		refuse(w, http.StatusInternalServerError, "Dropped")
	default:
		w.WriteHeader(status)
		w.Write(o.data[begin:end]) // fails where the client has gone
	}
}

// parseRange knows the three forms of one range.
func parseRange(s string, size int64) (begin, end int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes=")
	first, last, found := strings.Cut(s, "-")
	if !ok || !found {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		return max(0, size-n), size, err == nil && n > 0 && size > 0
	}
	begin, err := strconv.ParseInt(first, 10, 64)
	if err != nil || begin >= size {
		return 0, 0, false
	}
	end = size
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < begin {
			return 0, 0, false
		}
		end = min(size, n+1)
	}
	return begin, end, true
}

func refuse(w http.ResponseWriter, status int, code string) {
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

func writeXML(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, xmlHeader+text)
}

const xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
