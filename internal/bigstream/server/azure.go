package main

import (
	"encoding/xml"
	"net/http"
	"strings"
)

// azure answers blocks and their list, a download, and a deletion:
// https://learn.microsoft.com/rest/api/storageservices/put-block-list.
func (s *server) azure(w http.ResponseWriter, r *http.Request) {
	q, h, o := r.URL.Query(), w.Header(), s.object()
	h.Set("X-Ms-Version", r.Header.Get("X-Ms-Version"))
	h.Set("ETag", `"0x8DE6F1B2C3D4E5F"`)
	switch {
	case r.Method == http.MethodPut && q.Get("comp") == "block":
		if _, err := s.take(q.Get("blockid"), r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPut && q.Get("comp") == "blocklist":
		var list struct{ Latest []string }
		err := xml.NewDecoder(r.Body).Decode(&list)
		meta := make(http.Header)
		for name, v := range r.Header {
			if strings.HasPrefix(name, "X-Ms-Meta-") {
				meta[name] = v
			}
		}
		if err == nil {
			err = s.join(list.Latest, meta)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.Set("Last-Modified", modified)
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodGet && o.size > 0:
		for name, v := range o.meta {
			h[name] = v
		}
		h.Set("X-Ms-Blob-Type", "BlockBlob")
		s.serve(w, o, r.Header.Get("X-Ms-Range"))
	case r.Method == http.MethodDelete:
		s.set(object{})
		w.WriteHeader(http.StatusAccepted)
	default:
		http.Error(w, r.URL.String(), http.StatusBadRequest)
	}
}
