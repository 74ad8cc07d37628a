// Package server is an S3 service that costs as little CPU as possible, for measuring clients, with
// the few requests of Azure Blob Storage that objects need, below /azure.
//
// It does not check signatures. Large uploads are summed and dropped: only their size, their CRC32C
// and what the client said about them are kept. Objects to read are files that [Server.Make] fills
// with the bytes of package pattern, and are sent by the kernel.
package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage/benchmarks/pattern"
)

// Faults is what goes wrong.
type Faults struct {
	Slow     float64       // the share of requests that take SlowTime more
	SlowTime time.Duration // 2 s in the tables
	Refuse   float64       // the share of requests that are answered by 503 SlowDown
}

// Stats counts requests and connections since the last Reset.
type Stats struct {
	Requests int64
	Conns    int64 // opened
	Slow     int64
	Refused  int64
}

// Server is the service. Buckets are not kept: every name is one, and all have the same objects.
type Server struct {
	dir string

	mu      sync.RWMutex
	objects map[string]*object
	keys    []string // sorted; nil where a write has made them stale
	uploads map[string]*upload
	blocks  map[string]map[string]part // of Azure, by key and ID, that no list has named yet
	faults  Faults

	tally              Tally
	slow, refused, ids atomic.Int64
}

// New returns a Server that makes the files of its objects in dir.
func New(dir string) *Server {
	return &Server{
		dir: dir, objects: make(map[string]*object), uploads: make(map[string]*upload),
		blocks: make(map[string]map[string]part),
	}
}

// Fail changes what goes wrong.
func (s *Server) Fail(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Reset begins the statistics anew.
func (s *Server) Reset() {
	s.tally.Reset()
	s.slow.Store(0)
	s.refused.Store(0)
}

// Stats returns what happened since the last Reset.
func (s *Server) Stats() Stats {
	st := s.tally.Stats()
	st.Slow, st.Refused = s.slow.Load(), s.refused.Load()
	return st
}

// ConnState is that of the http.Server which serves this one.
func (s *Server) ConnState(c net.Conn, state http.ConnState) { s.tally.ConnState(c, state) }

// Object tells what is kept under key; ok is false where there is nothing.
func (s *Server) Object(key string) (size int64, crc uint32, ok bool) {
	o := s.object(key)
	if o == nil {
		return 0, 0, false
	}
	return o.size, o.crc, true
}

// PartSize is that of the upload which the objects of Make look like they came from.
const PartSize = 8 << 20

// Make puts an object of size bytes of the pattern under key.
func (s *Server) Make(key string, size int64) error {
	f, err := os.CreateTemp(s.dir, "object-")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pattern.Write(f, size); err != nil {
		return err
	}
	etag := fmt.Sprintf("\"%032x-%d\"", s.ids.Add(1), (size+PartSize-1)/PartSize)
	s.set(key, &object{
		size: size, path: f.Name(), crc: pattern.CRC(size), etag: etag, modified: time.Now(),
		header: http.Header{
			"Content-Type":             {"application/octet-stream"},
			"X-Amz-Checksum-Crc64nvme": {patternNVME(size)},
			"X-Amz-Checksum-Type":      {"FULL_OBJECT"},
		},
		parts: true,
	})
	return nil
}

// Fill gives the object under key, which was an upload of the pattern, the bytes that were dropped.
// What the client said about it stays.
func (s *Server) Fill(key string) error {
	old := s.object(key)
	if old == nil || old.data != nil || old.path != "" || old.crc != pattern.CRC(old.size) {
		return fmt.Errorf("%s is no upload of the pattern without its bytes", key)
	}
	f, err := os.CreateTemp(s.dir, "object-")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pattern.Write(f, old.size); err != nil {
		return err
	}
	o := *old
	o.path = f.Name()
	s.set(key, &o)
	return nil
}

// Keep puts data under key.
func (s *Server) Keep(key string, data []byte) {
	s.set(key, &object{
		size: int64(len(data)), data: data, etag: s.newETag(), modified: time.Now(),
		header: smallHeader(data),
	})
}

func smallHeader(data []byte) http.Header {
	return http.Header{
		"Content-Type":             {"application/octet-stream"},
		"X-Amz-Checksum-Crc64nvme": {base64BE64(crc64nvme.Checksum(data))},
		"X-Amz-Checksum-Type":      {"FULL_OBJECT"},
	}
}

// KeepAll puts small objects of size zero bytes under keys, and removes all others that have the
// prefix.
func (s *Server) KeepAll(prefix string, keys []string, size int) {
	data := make([]byte, size)
	header := smallHeader(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.objects {
		if strings.HasPrefix(k, prefix) {
			delete(s.objects, k)
		}
	}
	for _, k := range keys {
		o := &object{
			size: int64(size), data: data, etag: s.newETag(), modified: time.Now(), header: header,
		}
		o.entry = listEntry(k, o)
		s.objects[k] = o
	}
	s.keys = nil
}

// ServeHTTP is the S3 API below /BUCKET.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.tally.requests.Add(1)
	s.mu.RLock()
	f := s.faults
	s.mu.RUnlock()
	if f.Slow > 0 && rand.Float64() < f.Slow {
		s.slow.Add(1)
		select {
		case <-time.After(f.SlowTime):
		case <-r.Context().Done():
			return
		}
	}
	if f.Refuse > 0 && rand.Float64() < f.Refuse {
		s.refused.Add(1)
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if path, ok := strings.CutPrefix(path, "azure/"); ok {
		s.serveAzure(w, r, path)
		return
	}
	_, key, _ := strings.Cut(path, "/")
	if key == "" {
		s.serveBucket(w, r)
		return
	}
	s.serveObject(w, r, key)
}

func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
	case r.Method == http.MethodPut:
	case r.Method == http.MethodPost && q.Has("delete"):
		s.deleteMany(w, r)
	case r.Method == http.MethodGet && q.Has("location"):
		writeXML(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`)
	case r.Method == http.MethodGet && q.Has("uploads"):
		writeXML(w, `<ListMultipartUploadsResult></ListMultipartUploadsResult>`)
	case r.Method == http.MethodGet:
		s.list(w, q)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, key string) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && q.Has("uploadId"):
		writeXML(w, `<ListPartsResult></ListPartsResult>`)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.get(w, r, key)
	case r.Method == http.MethodPut && q.Has("uploadId"):
		s.putPart(w, r, q)
	case r.Method == http.MethodPut:
		s.put(w, r, key)
	case r.Method == http.MethodPost && q.Has("uploads"):
		s.create(w, r, key)
	case r.Method == http.MethodPost && q.Has("uploadId"):
		s.complete(w, r, key, q.Get("uploadId"))
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		s.mu.Lock()
		delete(s.uploads, q.Get("uploadId"))
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		s.Remove(key)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}
