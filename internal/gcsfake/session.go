package gcsfake

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// chunkQuantum is what all chunks but the last are multiples of, and what the server persists
// multiples of.
const chunkQuantum = 256 << 10

// session is a resumable upload: the same protocol in both APIs.
//
// resumable-uploads; performing-resumable-uploads.
type session struct {
	id       string
	bucket   string
	in       *insertion
	declared int64 // X-Upload-Content-Length, or -1
	expires  time.Time
	xml      bool

	mu   sync.Mutex // guards what follows
	data []byte     // what is persisted
	// How it ended. A status query says so again, for as long as the session lives: whoever lost
	// the answer can have it.
	done *object
	err  error
}

func newID() string { return rand.Text() + rand.Text() }

// startSession begins an upload whose data come in further requests. Its conditions are kept, and
// hold when the object is about to be written: what is there at the start does not matter.
func (s *Server) startSession(w http.ResponseWriter, q *request) error {
	metadata, err := q.data()
	if err != nil {
		return err
	}
	if _, err := s.bucket(q.bucket); err != nil {
		return err
	}
	in, err := newInsertion(q, metadata)
	if err != nil {
		return err
	}
	if v := q.Header.Get("X-Upload-Content-Type"); v != "" && in.contentType == "" {
		in.contentType = v
	}
	query := maps.Clone(q.query)
	query.Set("name", in.name)
	id, err := s.addSession(q, &session{in: in})
	if err != nil {
		return err
	}
	query.Set("upload_id", id)
	w.Header().Set("X-GUploader-UploadID", id)
	w.Header().Set("Location", q.base()+"/upload/storage/v1/b/"+q.bucket+"/o?"+query.Encode())
	w.WriteHeader(http.StatusOK)
	return nil
}

// startXMLSession is POST Object with x-goog-resumable: start (xml-api/post-object-resumable).
func (s *Server) startXMLSession(w http.ResponseWriter, q *request) error {
	if q.Header.Get("X-Goog-Resumable") != "start" {
		return errMethod() // the upload of a form
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	in, err := xmlInsertion(q)
	if err != nil {
		return err
	}
	id, err := s.addSession(q, &session{in: in, xml: true})
	if err != nil {
		return err
	}
	w.Header().Set("X-GUploader-UploadID", id)
	w.Header().Set("Location", q.base()+"/"+b.name+"/"+escapeName(in.name)+"?"+
		url.Values{"upload_id": {id}}.Encode())
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (s *Server) addSession(q *request, u *session) (id string, err error) {
	u.id, u.bucket, u.declared, u.expires = newID(), q.bucket, -1,
		s.now().Add(s.options.SessionLife)
	if v := q.Header.Get("X-Upload-Content-Length"); v != "" {
		if u.declared, err = strconv.ParseInt(v, 10, 64); err != nil || u.declared < 0 {
			return "", errInvalid("Invalid value for X-Upload-Content-Length: %q", v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[u.id] = u
	return u.id, nil
}

// session returns the session that q names: 404 if there never was one or it was cancelled, 410 if
// it has expired. A session's URI is all that its requests need: they carry no credentials.
func (s *Server) session(q *request) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.sessions[q.query.Get("upload_id")]
	if u == nil || u.bucket != q.bucket || u.xml != (q.object != "") ||
		u.xml && u.in.name != q.object {
		return nil, errNoSession()
	}
	if !s.now().Before(u.expires) {
		return nil, &apiError{status: 410, reason: "gone", code: "NoSuchUpload",
			message: "The upload session has expired."}
	}
	return u, nil
}

func errNoSession() error {
	return &apiError{status: 404, reason: "notFound", code: "NoSuchUpload",
		message: "The upload session was not found."}
}

func (s *Server) knowsSession(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id] != nil
}

// cancelSession ends a session with the answer 499, whose meaning is nowhere else than here.
func (s *Server) cancelSession(w http.ResponseWriter, q *request) error {
	u, err := s.session(q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.sessions, u.id)
	s.mu.Unlock()
	u.mu.Lock()
	u.data, u.err = nil, errNoSession() // a request that is still sending must not finish it
	u.mu.Unlock()
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(499)
	return nil
}

// putSession takes data, or tells how far the session is.
func (s *Server) putSession(w http.ResponseWriter, q *request) error {
	u, err := s.session(q)
	if err != nil {
		return err
	}
	c, err := parseContentRange(q.Header.Get("Content-Range"))
	if err != nil {
		return err
	}
	// Before the lock: a request that hangs must not be in the way of the one that asks how far the
	// session is.
	data, broken := io.ReadAll(q.Body)
	o, persisted, err := s.advance(u, q, c, data, broken)
	if err != nil {
		return err
	}
	if o != nil {
		if u.xml {
			return writeWritten(w, o)
		}
		return writeObject(w, q, o)
	}
	if persisted > 0 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", persisted-1))
	}
	w.Header().Set("Content-Length", "0")
	status := http.StatusPermanentRedirect // 308, which Google calls Resume Incomplete
	if q.Header.Get("X-GUploader-No-308") == "yes" {
		// Google's Go client asks for this, as some clients take 308 for a redirect.
		w.Header().Set("X-Http-Status-Code-Override", "308")
		status = http.StatusOK
	}
	w.WriteHeader(status)
	return nil
}

// advance adds data to the session and ends it, where that is all. It returns the object, or how
// much is persisted.
func (s *Server) advance(
	u *session, q *request, c contentRange, data []byte, broken error,
) (o *object, persisted int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done == nil && u.err == nil {
		if err := u.receive(c, data, broken); err != nil {
			return nil, 0, err
		}
		if c.whole || c.total == int64(len(u.data)) {
			s.finish(u, q)
		}
	}
	return u.done, len(u.data), u.err
}

// receive persists what is new: bytes that are there already are ignored, others have to follow
// without a gap. Of a request that is not the last, or whose connection broke, whole multiples of
// 256 KiB stay.
func (u *session) receive(c contentRange, data []byte, broken error) error {
	persisted, end := int64(len(u.data)), c.first+int64(len(data))
	last := broken == nil && (c.whole || c.total == end)
	switch {
	case c.total >= 0 && u.declared >= 0 && c.total != u.declared, c.whole && last &&
		u.declared >= 0 && end != u.declared:
		return errInvalid("Invalid request. The size of the upload is not the "+
			"X-Upload-Content-Length of %d byte(s).", u.declared)
	case c.total >= 0 && c.total < persisted, c.whole && last && end < persisted:
		return errInvalid("Invalid request. The size of the upload is less than the already "+
			"uploaded size of %d byte(s).", persisted)
	case c.status:
		return nil
	case c.first > persisted:
		return errInvalid("Invalid request. According to the Content-Range header, the upload "+
			"offset is %d byte(s), which exceeds already "+
			"uploaded size of %d byte(s).", c.first, persisted)
	case broken == nil && c.length >= 0 && int64(len(data)) != c.length:
		return errInvalid("Invalid request. There were %d byte(s) in the request body. There "+
			"should have been %d byte(s).", len(data), c.length)
	}
	if !last {
		end -= end % chunkQuantum
	}
	if end > persisted {
		u.data = append(u.data, data[persisted-c.first:end-c.first]...)
	}
	if broken != nil {
		return bodyError()
	}
	return nil
}

// finish checks the whole object and commits it. The last request may bring the hashes, which are
// not known before it.
func (s *Server) finish(u *session, q *request) {
	b, err := s.bucket(u.bucket)
	if err == nil {
		err = u.in.headers(q.Header)
	}
	if err == nil {
		u.done, err = s.insert(b, u.in, u.data)
	}
	if err != nil {
		u.done, u.err = nil, err
	}
	u.data = nil // the object has it, or nobody
}

// contentRange is what a request says of its body: a Content-Range of bytes FIRST-LAST/TOTAL, with
// * for what is not known.
type contentRange struct {
	whole  bool  // no header: the body is all of the object, and ends it
	status bool  // bytes */…: there is no body
	first  int64 // offset of the body
	length int64 // of the body; -1: not known
	total  int64 // of the object; -1: not known
}

func parseContentRange(v string) (contentRange, error) {
	c := contentRange{length: -1, total: -1}
	if v == "" {
		c.whole = true
		return c, nil
	}
	invalid := errInvalid("Failed to parse Content-Range header: %q", v)
	v, ok := strings.CutPrefix(v, "bytes ")
	span, total, found := strings.Cut(v, "/")
	if !ok || !found {
		return c, invalid
	}
	if total != "*" {
		if c.total, ok = parseOffset(total); !ok {
			return c, invalid
		}
	}
	if span == "*" {
		c.status = true
		return c, nil
	}
	first, last, found := strings.Cut(span, "-")
	if c.first, ok = parseOffset(first); !ok || !found {
		return c, invalid
	}
	if last == "*" {
		return c, nil
	}
	end, ok := parseOffset(last)
	if !ok || end < c.first || c.total >= 0 && end >= c.total {
		return c, invalid
	}
	c.length = end - c.first + 1
	return c, nil
}

// parseOffset takes digits only, where strconv would take a sign, and leaves room to add to it.
func parseOffset(v string) (int64, bool) {
	n, err := strconv.ParseUint(v, 10, 62)
	return int64(n), err == nil
}
