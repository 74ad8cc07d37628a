package server

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// small is the size up to which an object's bytes are kept.
const small = 1 << 20

type upload struct {
	header http.Header // of the object's responses
	kind   string      // FULL_OBJECT, COMPOSITE or ""

	mu    sync.Mutex
	parts map[int]part
}

type part struct {
	size int64
	crc  uint32
	etag string
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	reads      = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
)

// errDigest says that a body does not have its CRC-32C, the one sum that is verified here.
var errDigest = errors.New("another CRC-32C")

// receive reads a body to its end. Its trailers are those of the request then.
func receive(r *http.Request) (size int64, crc uint32, data []byte, err error) {
	var body io.Reader = r.Body
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		c := newChunks(r.Body)
		body, r.Trailer = c, c.trailer
	}
	buf := reads.Get().(*[]byte)
	defer reads.Put(buf)
	for {
		n, err := body.Read(*buf)
		crc = crc32.Update(crc, castagnoli, (*buf)[:n])
		size += int64(n)
		if size <= small {
			data = append(data, (*buf)[:n]...)
		} else {
			data = nil
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, nil, err
		}
	}
	want := cmpLength(r)
	if want >= 0 && want != size {
		return 0, 0, nil, fmt.Errorf("%d bytes came, %d were announced", size, want)
	}
	const name = "X-Amz-Checksum-Crc32c"
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc))
	if want := cmp.Or(r.Header.Get(name), r.Trailer.Get(name), sum); want != sum {
		return 0, 0, nil, errDigest
	}
	return size, crc, data, nil
}

func refuseBody(w http.ResponseWriter, err error) {
	code := "IncompleteBody"
	if err == errDigest {
		code = "BadDigest"
	}
	refuse(w, http.StatusBadRequest, code)
}

// cmpLength is the length that the client announced, or -1.
func cmpLength(r *http.Request) int64 {
	if s := r.Header.Get("X-Amz-Decoded-Content-Length"); s != "" {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return -1
	}
	return r.ContentLength
}

// kept are the headers of a request that come back with the object.
func kept(h http.Header) http.Header {
	out := make(http.Header)
	for name, values := range h {
		switch {
		case name == "Content-Type", name == "Cache-Control", name == "Content-Disposition",
			name == "Content-Language", strings.HasPrefix(name, "X-Amz-Meta-"), isSum(name):
			out[name] = values
		}
	}
	return out
}

// isSum tells whether a header has a checksum's value.
func isSum(name string) bool {
	sum, ok := strings.CutPrefix(name, "X-Amz-Checksum-")
	return ok && sum != "Type" && sum != "Algorithm" && sum != "Mode"
}

// echo repeats the checksums of a request, as the service does.
func echo(w http.ResponseWriter, r *http.Request) {
	for name, values := range r.Header {
		if isSum(name) {
			w.Header()[name] = values
		}
	}
	for name, values := range r.Trailer {
		if isSum(name) {
			w.Header()[name] = values
		}
	}
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, key string) {
	size, crc, data, err := receive(r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	o := &object{
		size: size, crc: crc, data: data, etag: s.newETag(), modified: time.Now(),
		header: kept(r.Header),
	}
	maps.Copy(o.header, kept(r.Trailer))
	if len(o.header) > 0 {
		o.header["X-Amz-Checksum-Type"] = []string{"FULL_OBJECT"}
	}
	if r.Header.Get("If-None-Match") == "*" && s.object(key) != nil {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	s.set(key, o)
	echo(w, r)
	w.Header().Set("Etag", o.etag)
	w.WriteHeader(http.StatusOK)
}

func (s *Server) create(w http.ResponseWriter, r *http.Request, key string) {
	io.Copy(io.Discard, r.Body) // has nothing
	id := strconv.FormatInt(s.ids.Add(1), 16)
	u := &upload{header: kept(r.Header), parts: make(map[int]part)}
	u.kind = r.Header.Get("X-Amz-Checksum-Type")
	s.mu.Lock()
	s.uploads[id] = u
	s.mu.Unlock()
	if a := r.Header.Get("X-Amz-Checksum-Algorithm"); a != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", a)
	}
	if u.kind != "" {
		w.Header().Set("X-Amz-Checksum-Type", u.kind)
	}
	writeXML(w, "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>"+key+
		"</Key><UploadId>"+id+"</UploadId></InitiateMultipartUploadResult>")
}

func (s *Server) upload(id string) *upload {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.uploads[id]
}

func (s *Server) putPart(w http.ResponseWriter, r *http.Request, q url.Values) {
	u := s.upload(q.Get("uploadId"))
	number, err := strconv.Atoi(q.Get("partNumber"))
	if u == nil || err != nil {
		refuse(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	size, crc, _, err := receive(r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	p := part{size, crc, s.newETag()}
	u.mu.Lock()
	u.parts[number] = p
	u.mu.Unlock()
	echo(w, r)
	w.Header().Set("Etag", p.etag)
	w.WriteHeader(http.StatusOK)
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request, key, id string) {
	u := s.upload(id)
	if u == nil {
		refuse(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	var body struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Part) == 0 {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	o := &object{etag: s.newETag(), modified: time.Now(), header: u.header}
	ordered := slices.IsSortedFunc(body.Part, func(a, b struct {
		PartNumber int
		ETag       string
	}) int {
		return a.PartNumber - b.PartNumber
	})
	if !ordered {
		refuse(w, http.StatusBadRequest, "InvalidPartOrder")
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, b := range body.Part {
		p, ok := u.parts[b.PartNumber]
		if !ok || strings.Trim(b.ETag, `"`) != strings.Trim(p.etag, `"`) {
			refuse(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		if p.size < 5<<20 && i < len(body.Part)-1 {
			refuse(w, http.StatusBadRequest, "EntityTooSmall")
			return
		}
		o.crc = combine(castagnoliPoly, o.crc, p.crc, p.size)
		o.size += p.size
	}
	var sums strings.Builder
	for name, values := range r.Header {
		if isSum(name) {
			o.header[name] = values
			sum := strings.ToUpper(strings.TrimPrefix(name, "X-Amz-Checksum-"))
			fmt.Fprintf(&sums, "<Checksum%s>%s</Checksum%s>", sum, values[0], sum)
		}
	}
	if u.kind != "" {
		o.header["X-Amz-Checksum-Type"] = []string{u.kind}
		fmt.Fprintf(&sums, "<ChecksumType>%s</ChecksumType>", u.kind)
	}
	s.set(key, o)
	s.mu.Lock()
	delete(s.uploads, id)
	s.mu.Unlock()
	writeXML(w, "<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>"+key+"</Key><ETag>"+
		strings.ReplaceAll(o.etag, `"`, "&quot;")+"</ETag>"+sums.String()+
		"</CompleteMultipartUploadResult>")
}
