package gcsfake

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// request is a request whose path has been taken apart.
type request struct {
	*http.Request
	query  url.Values
	bucket string
	object string
	signed bool // by a signature that was verified
}

// base is the scheme and host that the client used, for links.
func (q *request) base() string {
	if q.TLS != nil {
		return "https://" + q.Host
	}
	return "http://" + q.Host
}

// handler answers a request, or returns an error and has written nothing.
type handler func(w http.ResponseWriter, q *request) error

// ServeHTTP implements [http.Handler]. It decides by the path which API is meant (request-endpoints), and writes errors in that
// one's dialect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-GUploader-UploadID", newID()) // every answer has one, and Google's support asks for it
	q := &request{Request: r}
	write := (*apiError).writeXML
	path, isJSON := jsonPath(r.URL.EscapedPath())
	if isJSON {
		write = (*apiError).writeJSON
	}
	if err := s.serve(w, q, path, isJSON); err != nil {
		io.Copy(io.Discard, r.Body) // many clients do not listen before they have sent everything
		write(asAPIError(err), w)
	}
}

// jsonPath cuts what all paths of the JSON API begin with, and leaves the marks of the upload and the download endpoints.
func jsonPath(path string) (rest string, ok bool) {
	for _, root := range []struct{ prefix, mark string }{
		{"/storage/v1/", ""},
		{"/upload/storage/v1/", "upload/"},
		{"/resumable/upload/storage/v1/", "upload/"},
		{"/download/storage/v1/", "download/"},
	} {
		if rest, ok := strings.CutPrefix(path, root.prefix); ok {
			return root.mark + rest, true
		}
	}
	return path, false
}

func (s *Server) serve(w http.ResponseWriter, q *request, path string, isJSON bool) error {
	var err error
	if q.query, err = url.ParseQuery(q.URL.RawQuery); err != nil {
		return errInvalid("Invalid query: %v", err)
	}
	if err := s.authorize(q, isJSON); err != nil {
		return err
	}
	route := s.routeXML
	if isJSON {
		route = s.routeJSON
	}
	h, err := route(q, path)
	if err != nil {
		return err
	}
	return h(w, q)
}

// routeJSON finds the method of json_api/v1. A name's own slashes are escaped, so that a/compose is not taken for one.
func (s *Server) routeJSON(q *request, path string) (handler, error) {
	segments := strings.Split(path, "/")
	for i, v := range segments {
		name, err := url.PathUnescape(v)
		if err != nil {
			return nil, errInvalid("Invalid path: %v", err)
		}
		segments[i] = name
	}
	pattern := q.Method
	for i, v := range segments {
		// b/BUCKET, o/OBJECT; what is between stays.
		switch {
		case i > 0 && segments[i-1] == "b" && q.bucket == "":
			q.bucket, v = v, "{b}"
		case i > 0 && segments[i-1] == "o" && q.bucket != "" && q.object == "":
			if q.object = v; v == "" {
				return nil, checkName(v)
			}
			v = "{o}"
		}
		if q.object != "" && v != "{o}" {
			return s.routeObjectMethod(q, segments[i:])
		}
		pattern += "/" + v
	}
	if q.query.Has("upload_id") {
		pattern += "?upload_id"
	}
	if h, ok := map[string]handler{
		"GET/b":                           s.listBuckets,
		"POST/b":                          s.insertBucket,
		"GET/b/{b}":                       s.getBucket,
		"PATCH/b/{b}":                     s.patchBucket,
		"DELETE/b/{b}":                    s.deleteBucket,
		"GET/b/{b}/o":                     s.listObjects,
		"POST/upload/b/{b}/o":             s.insertObject,
		"PUT/upload/b/{b}/o?upload_id":    s.putSession,
		"POST/upload/b/{b}/o?upload_id":   s.putSession, // as Google's Go client does
		"DELETE/upload/b/{b}/o?upload_id": s.cancelSession,
		"GET/b/{b}/o/{o}":                 s.getObject,
		"PATCH/b/{b}/o/{o}":               s.patchObject,
		"PUT/b/{b}/o/{o}":                 s.updateObject,
		"DELETE/b/{b}/o/{o}":              s.deleteObject,
		"GET/download/b/{b}/o/{o}":        s.getObject,
	}[pattern]; ok {
		return h, nil
	}
	return nil, errNotFound()
}

// routeObjectMethod finds what follows the name of an object.
func (s *Server) routeObjectMethod(q *request, rest []string) (handler, error) {
	if q.Method != http.MethodPost {
		return nil, errNotFound()
	}
	if len(rest) == 1 && rest[0] == "compose" {
		return s.composeObject, nil
	}
	if len(rest) != 5 || rest[1] != "b" || rest[3] != "o" {
		return nil, errNotFound()
	}
	if err := checkName(rest[4]); err != nil {
		return nil, err
	}
	c := copyCall{bucket: rest[2], object: rest[4]}
	switch rest[0] {
	case "rewriteTo":
		return func(w http.ResponseWriter, q *request) error { return s.rewriteObject(w, q, c) }, nil
	case "copyTo":
		return func(w http.ResponseWriter, q *request) error { return s.copyObject(w, q, c) }, nil
	}
	return nil, errNotFound()
}

// routeXML finds the method of the XML API: the path is the bucket and the object, the parameters say which resource of them.
func (s *Server) routeXML(q *request, path string) (handler, error) {
	bucket, object, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	var err error
	if q.bucket, err = url.PathUnescape(bucket); err != nil || q.bucket == "" {
		return nil, errMethod()
	}
	if q.object, err = url.PathUnescape(object); err != nil {
		return nil, errInvalid("Invalid path: %v", err)
	}
	if q.object == "" {
		return s.routeXMLBucket(q)
	}
	if err := checkName(q.object); err != nil {
		return nil, err
	}
	resource := ""
	for _, name := range []string{"uploads", "uploadId", "upload_id"} {
		if q.query.Has(name) {
			resource = "?" + name
		}
	}
	if resource == "" && q.Method == http.MethodPost && q.Header.Get("X-Goog-Resumable") == "start" {
		resource = "?start"
	}
	if h, ok := map[string]handler{
		"GET":              s.getXMLObject,
		"HEAD":             s.getXMLObject,
		"PUT":              s.putXMLObject,
		"DELETE":           s.deleteXMLObject,
		"POST?start":       s.startXMLSession,
		"PUT?upload_id":    s.putSession,
		"POST?upload_id":   s.putSession,
		"DELETE?upload_id": s.cancelSession,
		"POST?uploads":     s.initiateUpload,
		"PUT?uploadId":     s.uploadPart,
		"GET?uploadId":     s.listParts,
		"POST?uploadId":    s.completeUpload,
		"DELETE?uploadId":  s.abortUpload,
	}[q.Method+resource]; ok {
		return h, nil
	}
	return nil, errMethod()
}

func (s *Server) routeXMLBucket(q *request) (handler, error) {
	switch {
	case q.Method == http.MethodGet && q.query.Has("uploads"):
		return s.listUploads, nil
	case q.Method == http.MethodPost && q.query.Has("delete"):
		return s.deleteMany, nil
	case q.Method == http.MethodGet, q.Method == http.MethodHead:
		return s.listXMLObjects, nil
	}
	return nil, errMethod()
}
