package hostile

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/polystore/storage/internal/stub"
)

// oblige answers every request as a service does that has whatever is asked for: the objects and
// uploads of a list are those with what others call hostile behind the prefix that was asked for.
func (p *Provider) oblige(w http.ResponseWriter, r *stub.Request) {
	q, h := r.URL.Query(), w.Header()
	h.Set("ETag", `"1"`)
	h.Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
	h.Set("X-Ms-Blob-Type", "BlockBlob")
	h.Set("X-Goog-Generation", "1")
	h.Set("Content-Type", "application/xml")
	xmlAPI := p.Lists == "S3" || p.Lists == "GCS" && !strings.Contains(r.URL.Path, "storage/v1/")
	switch {
	case r.Method == http.MethodGet && q.Has("uploads"):
		io.WriteString(w, "<ListMultipartUploadsResult><EncodingType>url</EncodingType>")
		for _, k := range found(q.Get("prefix")) {
			fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId>"+
				"<Initiated>2020-01-01T00:00:00Z</Initiated></Upload>",
				url.QueryEscape(k), escapeXML(uploadID))
		}
		io.WriteString(w, "</ListMultipartUploadsResult>")
	case r.Method == http.MethodGet && q.Has("list-type"):
		io.WriteString(w, "<ListBucketResult><EncodingType>url</EncodingType>")
		for _, k := range found(q.Get("prefix")) {
			fmt.Fprintf(w, `<Contents><Key>%s</Key><ETag>"1"</ETag><Size>1</Size></Contents>`,
				url.QueryEscape(k))
		}
		io.WriteString(w, "</ListBucketResult>")
	case q.Get("comp") == "list":
		io.WriteString(w, `<EnumerationResults ContainerName="bucket"><Blobs>`)
		size := 1
		if strings.Contains(q.Get("include"), "uncommittedblobs") {
			size = 0
		}
		for _, k := range found(q.Get("prefix")) {
			fmt.Fprintf(w, `<Blob><Name Encoded="true">%s</Name><Properties>`+
				`<Etag>1</Etag><Content-Length>%d</Content-Length>`+
				`<BlobType>BlockBlob</BlobType></Properties></Blob>`,
				escapeXML(url.PathEscape(k)), size)
		}
		io.WriteString(w, "</Blobs><NextMarker/></EnumerationResults>")
	case q.Get("comp") == "blocklist" && r.Method == http.MethodGet:
		io.WriteString(w, "<BlockList><UncommittedBlocks/></BlockList>")
	case q.Get("comp") == "batch":
		obligeBatch(w, bytes.Count(r.Body, []byte("Content-ID:")))
	case q.Has("delete"):
		io.WriteString(w, "<DeleteResult></DeleteResult>")
	case r.Method == http.MethodPost && q.Has("uploads"):
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"+
			"</InitiateMultipartUploadResult>", escapeXML(uploadID))
	case r.Method == http.MethodPost && q.Has("uploadId"):
		io.WriteString(w, `<CompleteMultipartUploadResult><ETag>"1-1"</ETag>`+
			`</CompleteMultipartUploadResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"):
		io.WriteString(w, `<CopyPartResult><ETag>"1"</ETag></CopyPartResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		io.WriteString(w, `<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>`)
	case r.Method == http.MethodDelete && p.Lists == "Azure":
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case p.Lists == "Azure" && r.Header.Get("X-Ms-Requires-Sync") != "":
		w.WriteHeader(http.StatusAccepted)
	case p.Lists == "Azure" && r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	case p.Lists == "GCS" && !xmlAPI:
		h.Set("Content-Type", "application/json")
		h.Set("Location", "http://other/upload/storage/v1/b/bucket/o?upload_id=1")
		one := map[string]any{
			"kind": "storage#object", "name": key, "generation": "1", "size": "1", "done": true,
			"metageneration": "1", "resource": map[string]any{"name": key, "generation": "1"},
		}
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/o") {
			var items []any
			for _, k := range found(q.Get("prefix")) {
				items = append(items, map[string]any{"name": k, "generation": "1", "size": "1"})
			}
			one = map[string]any{"kind": "storage#objects", "items": items}
		}
		json.NewEncoder(w).Encode(one)
	}
}

// uploadID is one that means harm.
const uploadID = "u&" + evil + "=1&acl#?policy\r\n" + evil + ": 1"

// found are the keys of a list.
func found(prefix string) []string {
	all := []string{prefix + "x"}
	if prefix != "" {
		all = append(all, prefix)
	}
	for _, k := range [...]string{
		"/../../other/x", "?acl", "\r\n" + evil + ": 1", "<a>&'\"", "\\x",
	} {
		all = append(all, prefix+k)
	}
	return all
}

// obligeBatch answers a batch of n requests.
func obligeBatch(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
	w.WriteHeader(http.StatusAccepted)
	for i := range n {
		fmt.Fprintf(w, "--b\r\nContent-Type: application/http\r\nContent-ID: %d\r\n\r\n"+
			"HTTP/1.1 202 Accepted\r\n\r\n\r\n", i)
	}
	io.WriteString(w, "--b--\r\n")
}

func escapeXML(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}
