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
	to     struct{ bucket, object string } // of a copy; bucket and object are its source
	fields fieldMask                       // of the answer; nil: all
	signed bool                            // by a signature that was verified
}

// data is the whole body of the request. A request that ends before its body does is refused,
// however much of what it asks for has arrived: clients of multipart bodies write the last boundary
// behind what they give up, too.
func (q *request) data() ([]byte, error) {
	data, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, bodyError()
	}
	return data, nil
}

// base is the scheme and host that the client used, for links.
func (q *request) base() string {
	if q.TLS != nil {
		return "https://" + q.Host
	}
	return "http://" + q.Host
}

// ServeHTTP implements [http.Handler]. It decides by the path which API is meant
// (request-endpoints), and writes errors in that one's dialect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// every answer has one, and Google's support asks for it
	w.Header().Set("X-GUploader-UploadID", newID())
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

// jsonPath cuts what all paths of the JSON API begin with, and leaves the marks of the upload and
// the download endpoints.
func jsonPath(path string) (rest string, ok bool) {
	for _, root := range []struct{ prefix, mark string }{
		{"/storage/v1/", ""},
		{"/upload/storage/v1/", "upload:"},
		{"/resumable/upload/storage/v1/", "upload:"},
		{"/download/storage/v1/", "download:"},
	} {
		if rest, ok := strings.CutPrefix(path, root.prefix); ok {
			return root.mark + rest, true
		}
	}
	return path, false
}

// serve answers a request, or returns an error and has written nothing.
func (s *Server) serve(w http.ResponseWriter, q *request, path string, isJSON bool) error {
	var err error
	if q.query, err = url.ParseQuery(q.URL.RawQuery); err != nil {
		return errInvalid("Invalid query: %v", err)
	}
	if err := s.authorize(q, isJSON); err != nil {
		return err
	}
	find := q.routeXML
	if isJSON {
		find = q.routeJSON
	}
	r, err := find(path)
	if err != nil {
		return err
	}
	if err := q.checkKnown(r, isJSON); err != nil {
		return err
	}
	if q.fields, err = parseFields(q.query.Get("fields")); err != nil {
		return err
	}
	return r.serve(s, w, q)
}

// route is a method of an API, with the parameters and headers that it knows beside those that all
// know.
type route struct {
	serve           func(*Server, http.ResponseWriter, *request) error
	params, headers string // separated by spaces; headers in lower case
}

const (
	ifMetagenerationParams = " ifMetagenerationMatch ifMetagenerationNotMatch"
	ifParams               = " ifGenerationMatch ifGenerationNotMatch" + ifMetagenerationParams
	ifSourceParams         = " ifSourceGenerationMatch ifSourceGenerationNotMatch" +
		" ifSourceMetagenerationMatch ifSourceMetagenerationNotMatch"
	copyParams   = ifParams + " sourceGeneration" + ifSourceParams
	insertParams = ifParams + " uploadType name contentEncoding"
	listParams   = "prefix delimiter startOffset endOffset includeTrailingDelimiter " +
		"versions" +
		" maxResults pageToken filter"
)

// jsonRoutes are the methods of json_api/v1; * is a name.
var jsonRoutes = map[string]route{
	"GET b": {(*Server).listBuckets, "project prefix maxResults pageToken",
		""},
	"POST b":            {(*Server).insertBucket, "project", ""},
	"GET b/*":           {(*Server).getBucket, ifMetagenerationParams, ""},
	"PATCH b/*":         {(*Server).patchBucket, ifMetagenerationParams, ""},
	"DELETE b/*":        {(*Server).deleteBucket, ifMetagenerationParams, ""},
	"GET b/*/o":         {(*Server).listObjects, listParams, ""},
	"POST upload:b/*/o": {(*Server).insertObject, insertParams, "x-goog-hash"},
	"PUT upload:b/*/o?upload_id": {(*Server).putSession, insertParams + " upload_id",
		"content-range x-goog-hash"},
	// As Google's Go client does.
	"POST upload:b/*/o?upload_id": {(*Server).putSession, insertParams + " upload_id",
		"content-range x-goog-hash"},
	"DELETE upload:b/*/o?upload_id": {(*Server).cancelSession, insertParams + " upload_id", ""},
	"GET b/*/o/*": {(*Server).getObject, "generation" + ifParams,
		"if-match if-none-match"},
	"GET download:b/*/o/*": {(*Server).getObject, "generation" + ifParams,
		"if-match if-none-match"},
	"PATCH b/*/o/*":        {(*Server).patchObject, "generation" + ifParams, ""},
	"PUT b/*/o/*":          {(*Server).updateObject, "generation" + ifParams, ""},
	"DELETE b/*/o/*":       {(*Server).deleteObject, "generation" + ifParams, ""},
	"POST b/*/o/*/compose": {(*Server).composeObject, "dropContextGroups" + ifParams, ""},
	"POST b/*/o/*/rewriteTo/b/*/o/*": {(*Server).rewriteObject,
		"dropContextGroups rewriteToken maxBytesRewrittenPerCall" + copyParams, ""},
	"POST b/*/o/*/copyTo/b/*/o/*": {(*Server).copyObject, copyParams, ""},
}

// routeJSON finds the method of json_api/v1. A name's own slashes are escaped, so that a/compose is
// not taken for one.
func (q *request) routeJSON(path string) (*route, error) {
	names := []*string{1: &q.bucket, 3: &q.object, 6: &q.to.bucket, 8: &q.to.object}
	segments := strings.Split(path, "/")
	for i, p := range names[:min(len(names), len(segments))] {
		if p == nil {
			continue
		}
		var err error
		if *p, err = url.PathUnescape(segments[i]); err != nil {
			return nil, errInvalid("Invalid path: %v", err)
		}
		if segments[i] = "*"; p == &q.object || p == &q.to.object {
			if err := checkName(*p); err != nil {
				return nil, err
			}
		}
	}
	pattern := q.Method + " " + strings.Join(segments, "/")
	if q.query.Has("upload_id") {
		pattern += "?upload_id"
	}
	if r, ok := jsonRoutes[pattern]; ok {
		return &r, nil
	}
	return nil, errNotFound()
}

const (
	xmlListParams = "prefix delimiter marker max-keys encoding-type list-type start-after " +
		"continuation-token"
	xmlReadParams = "generation response-content-type response-content-disposition"

	xmlWriteHeaders = "x-goog-if-generation-match x-goog-if-metageneration-match"
	xmlReadHeaders  = xmlWriteHeaders +
		" if-match if-none-match if-modified-since if-unmodified-since"
	xmlAttributeHeaders = " content-encoding x-goog-storage-class x-goog-custom-time x-goog-meta-*"
	xmlUploadHeaders    = xmlWriteHeaders + xmlAttributeHeaders +
		" x-goog-hash x-goog-content-length-range"
	xmlCopyHeaders = " x-goog-metadata-directive x-goog-copy-source x-goog-copy-source-generation" +
		" x-goog-copy-source-if-generation-match x-goog-copy-source-if-metageneration-match " +
		"x-goog-copy-source-if-match" +
		" x-goog-copy-source-if-none-match x-goog-copy-source-if-modified-since " +
		"x-goog-copy-source-if-unmodified-since"
)

// xmlRoutes are the methods of the XML API on the bucket and the object of a path; a parameter says
// which resource of them. COPY is a PUT that names a source.
var xmlRoutes = map[string]route{
	"GET bucket":  {(*Server).listXMLObjects, xmlListParams, ""},
	"HEAD bucket": {(*Server).listXMLObjects, "", ""},
	"GET bucket?uploads": {(*Server).listUploads,
		"uploads prefix delimiter key-marker upload-id-marker max-uploads encoding-type", ""},
	"POST bucket?delete": {(*Server).deleteMany, "delete", ""},

	"GET object":  {(*Server).getXMLObject, xmlReadParams, xmlReadHeaders},
	"HEAD object": {(*Server).getXMLObject, xmlReadParams, xmlReadHeaders},
	"PUT object":  {(*Server).putXMLObject, "", xmlUploadHeaders},
	"COPY object": {(*Server).copyXMLObject, "", xmlWriteHeaders + xmlAttributeHeaders +
		xmlCopyHeaders},
	"DELETE object": {(*Server).deleteXMLObject, "generation", xmlWriteHeaders},

	"POST object": {(*Server).startXMLSession, "", xmlUploadHeaders +
		" x-goog-resumable"},
	"PUT object?upload_id":    {(*Server).putSession, "upload_id", "content-range x-goog-hash"},
	"POST object?upload_id":   {(*Server).putSession, "upload_id", "content-range x-goog-hash"},
	"DELETE object?upload_id": {(*Server).cancelSession, "upload_id", ""},

	// The handlers of these refuse conditions themselves, as is documented for them.
	"POST object?uploads": {(*Server).initiateUpload, "uploads", xmlReadHeaders +
		xmlAttributeHeaders},
	"PUT object?uploadId": {(*Server).uploadPart, "uploadId partNumber", xmlReadHeaders +
		" x-goog-hash x-goog-copy-source*"},
	"GET object?uploadId":    {(*Server).listParts, "uploadId max-parts part-number-marker", ""},
	"POST object?uploadId":   {(*Server).completeUpload, "uploadId", xmlReadHeaders},
	"DELETE object?uploadId": {(*Server).abortUpload, "uploadId", xmlReadHeaders},
}

// routeXML finds the method of the XML API.
func (q *request) routeXML(path string) (*route, error) {
	bucket, object, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	var err error
	if q.bucket, err = url.PathUnescape(bucket); err != nil || q.bucket == "" {
		return nil, errMethod()
	}
	if q.object, err = url.PathUnescape(object); err != nil {
		return nil, errInvalid("Invalid path: %v", err)
	}
	pattern, resources := q.Method+" bucket", []string{"uploads", "delete"}
	if q.object != "" {
		if err := checkName(q.object); err != nil {
			return nil, err
		}
		pattern, resources = q.Method+" object", []string{"uploads", "uploadId", "upload_id"}
	}
	for _, name := range resources {
		if q.query.Has(name) {
			pattern += "?" + name
		}
	}
	if pattern == "PUT object" && q.Header.Get("X-Goog-Copy-Source") != "" {
		pattern = "COPY object"
	}
	if r, ok := xmlRoutes[pattern]; ok {
		return &r, nil
	}
	return nil, errMethod()
}
