package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// gcs answers an XML multipart upload, a download, and a deletion:
// https://cloud.google.com/storage/docs/multipart-uploads.
func (s *server) gcs(w http.ResponseWriter, r *http.Request) {
	q, h, o := r.URL.Query(), w.Header(), s.object()
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>1</UploadId>"+
			"</InitiateMultipartUploadResult>")
	case r.Method == http.MethodPut && q.Has("partNumber"):
		p, err := s.take(q.Get("partNumber"), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.Set("ETag", fmt.Sprintf("\"%x\"", p.Checksums.CRC32C))
		h.Set("X-Goog-Hash", "crc32c="+encoded(p.Checksums.CRC32C))
	case r.Method == http.MethodPost && q.Has("uploadId"):
		var list struct{ Part []struct{ PartNumber string } }
		err := xml.NewDecoder(r.Body).Decode(&list)
		var names []string
		for _, p := range list.Part {
			names = append(names, p.PartNumber)
		}
		if err == nil {
			err = s.join(names, nil)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.Set("X-Goog-Generation", generation)
		io.WriteString(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
	case r.Method == http.MethodGet && o.size > 0:
		h.Set("X-Goog-Generation", generation)
		h.Set("X-Goog-Hash", "crc32c="+encoded(o.sum))
		h.Set("X-Goog-Stored-Content-Encoding", "identity")
		h.Set("X-Goog-Stored-Content-Length", strconv.FormatInt(o.size, 10))
		s.serve(w, o, r.Header.Get("Range"))
	case r.Method == http.MethodDelete:
		s.set(object{})
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, r.URL.String(), http.StatusBadRequest)
	}
}

const generation = "1772463845000000"
