package fault

import (
	"net/http"
	"net/url"
	"strings"
)

// Service is a protocol of storage over HTTP. It names requests and makes refusals in its dialect.
type Service int

// The services that the kit knows.
const (
	// Plain is a store of plain HTTP: PUT, GET, HEAD, DELETE and COPY of paths. Lists, uploads and
	// batches have the queries of S3.
	Plain Service = iota
	S3            // with the bucket in the path, or in the name of the host
	GCS           // the JSON API, and the XML API with the bucket in the path
	Azure         // Blob Storage, with the account in the name of the host, or in the path
)

// String returns the name of the service.
func (s Service) String() string { return [...]string{"Plain", "S3", "GCS", "Azure"}[s] }

// Classify returns the method of storage.FullStore that a request belongs to, with the key, the
// prefix and the upload ID where the request's line and headers have them. Op is "" for a request
// that belongs to none.
func (s Service) Classify(req *http.Request) Call {
	r := request{req, req.URL.Query()}
	switch s {
	case S3:
		return r.s3()
	case GCS:
		return r.gcs()
	case Azure:
		return r.azure()
	}
	return r.verbs(strings.TrimPrefix(req.URL.Path, "/"), "X-Copy-Source")
}

type request struct {
	*http.Request
	query url.Values
}

// has reports whether the request has a header. The SDK of Azure writes names in lower case, which
// Header.Get does not find.
func (r request) has(header string) bool {
	for name, values := range r.Header {
		if strings.EqualFold(name, header) && len(values) > 0 && values[0] != "" {
			return true
		}
	}
	return false
}

// s3 is a request of S3.
func (r request) s3() Call {
	key := strings.TrimPrefix(r.URL.Path, "/")
	if !strings.Contains(r.URL.Host, ".s3.") && !strings.Contains(r.URL.Host, ".s3-") {
		_, key, _ = strings.Cut(key, "/")
	}
	return r.verbs(key, "X-Amz-Copy-Source")
}

// verbs is a request that speaks as S3 does.
func (r request) verbs(key, copySource string) Call {
	id, copies := r.query.Get("uploadId"), r.has(copySource)
	c := Call{Key: key, UploadID: id}
	switch {
	case r.query.Has("uploads") && r.Method == http.MethodPost:
		c.Op = "CreateUpload"
	case r.query.Has("uploads"):
		c.Op, c.Key = "ListUploadsPage", r.query.Get("prefix")
	case id != "" && r.Method == http.MethodPut && copies:
		c.Op = "CopyPart"
	case id != "":
		c.Op = map[string]string{
			http.MethodPut: "PutPart", http.MethodPost: "CompleteUpload",
			http.MethodDelete: "AbortUpload", http.MethodGet: "ListPartsPage",
		}[r.Method]
	case r.query.Has("delete"):
		c.Op = "DeleteBatch"
	case r.query.Has("tagging"):
		c.Op = "Tags"
	case key == "" && r.Method == http.MethodGet:
		c.Op, c.Key = "ListPage", r.query.Get("prefix")
	case r.Method == http.MethodPut && copies:
		c.Op = "Copy"
	default:
		c.Op = plainVerbs[r.Method]
	}
	return c
}

var plainVerbs = map[string]string{
	http.MethodGet: "Get", http.MethodHead: "Stat", http.MethodPut: "Put",
	http.MethodDelete: "Delete",
}

// gcs is a request of Google Cloud Storage.
func (r request) gcs() Call {
	path, upload := strings.CutPrefix(r.URL.EscapedPath(), "/upload")
	if strings.HasPrefix(path, "/batch/") {
		return Call{Op: "DeleteBatch"}
	}
	if strings.HasPrefix(path, "/resumable/upload/") { // the XML API and some hosts
		path, upload = strings.TrimPrefix(path, "/resumable/upload"), true
	}
	rest, isJSON := strings.CutPrefix(path, "/storage/v1/b/")
	if !isJSON {
		_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		return r.verbs(key, "X-Goog-Copy-Source")
	}
	_, rest, _ = strings.Cut(rest, "/o") // behind the bucket
	name, verb, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	key, err := url.PathUnescape(name)
	if err != nil {
		key = name
	}
	switch {
	case upload:
		return r.gcsUpload()
	case strings.HasPrefix(verb, "rewriteTo/"), strings.HasPrefix(verb, "copyTo/"):
		return Call{Op: "Copy", Key: r.gcsDestination(verb)}
	case verb == "compose":
		return Call{Op: "CompleteUpload", Key: key}
	case key == "" && r.Method == http.MethodGet:
		return Call{Op: "ListPage", Key: r.query.Get("prefix")}
	case r.Method == http.MethodGet && r.query.Get("alt") == "media":
		return Call{Op: "Get", Key: key}
	case r.Method == http.MethodGet:
		return Call{Op: "Stat", Key: key}
	}
	return Call{Op: plainVerbs[r.Method], Key: key}
}

// gcsDestination is the key in "rewriteTo/b/bucket/o/key".
func (r request) gcsDestination(verb string) string {
	_, key, _ := strings.Cut(verb, "/o/")
	if k, err := url.PathUnescape(key); err == nil {
		return k
	}
	return key
}

// gcsUpload is a request of an upload, in one request or by a resumable session. The request that
// ends a session has the size of the object in its Content-Range.
func (r request) gcsUpload() Call {
	c := Call{Op: "Put", Key: r.query.Get("name"), UploadID: r.query.Get("upload_id")}
	switch id := c.UploadID != ""; {
	case !id && r.query.Get("uploadType") == "resumable":
		c.Op = "CreateUpload"
	case id && r.Method == http.MethodDelete:
		c.Op = "AbortUpload"
	case id && strings.HasPrefix(r.Header.Get("Content-Range"), "bytes */"):
		c.Op = "ListPartsPage"
		if !strings.HasSuffix(r.Header.Get("Content-Range"), "/*") {
			c.Op = "CompleteUpload"
		}
	case id && strings.HasSuffix(r.Header.Get("Content-Range"), "/*"):
		c.Op = "PutPart"
	case id:
		c.Op = "CompleteUpload"
	}
	return c
}

// azure is a request of Azure Blob Storage.
func (r request) azure() Call {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if !strings.Contains(r.URL.Host, ".blob.") {
		_, path, _ = strings.Cut(path, "/")
	}
	_, key, _ := strings.Cut(path, "/")
	c := Call{Key: key}
	copies := r.has("X-Ms-Copy-Source")
	switch comp := r.query.Get("comp"); {
	case comp == "list" && r.query.Get("include") == "uncommittedblobs":
		c.Op, c.Key = "ListUploadsPage", r.query.Get("prefix")
	case comp == "list":
		c.Op, c.Key = "ListPage", r.query.Get("prefix")
	case comp == "batch":
		c.Op, c.Key = "DeleteBatch", ""
	case comp == "block" && copies:
		c.Op = "CopyPart"
	case comp == "block":
		c.Op = "PutPart"
	case comp == "blocklist" && r.Method == http.MethodPut:
		c.Op = "CompleteUpload"
	case comp == "blocklist":
		c.Op = "ListPartsPage"
	case comp == "tags" && r.Method == http.MethodGet:
		c.Op = "Tags"
	case comp != "":
		c.Op = ""
	case r.Method == http.MethodPut && copies:
		c.Op = "Copy"
	default:
		c.Op = plainVerbs[r.Method]
	}
	return c
}
