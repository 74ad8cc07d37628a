package hostile

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/polystore/storage"
)

// headers that services answer with, for Answers.
var headers = [...]string{
	"ETag", "Content-Range", "Last-Modified", "Retry-After", "Content-Type", "X-Amz-Checksum-Crc32",
	"X-Goog-Hash", "Content-MD5", "X-Goog-Generation", "X-Ms-Error-Code", "Location", "Range",
	"X-Ms-Meta-Polystorewrite", "X-Amz-Meta-Polystorewrite", "X-Ms-Tag-Count", "X-Ms-Copy-Status",
}

// Answers fuzzes everything that reads an answer: XML, JSON, headers, page tokens. Each call is
// given the same answer to each request, with one text in every header that is read.
func (p *Provider) Answers(f *testing.F) {
	for _, body := range [...]string{
		"", "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>",
		`{"kind":"l","items":[{"name":"k","size":"1","generation":"1"}],"nextPageToken":"t"}`,
		"<EnumerationResults><Blobs><Blob><Name>k</Name><Properties/></Blob></Blobs></EnumerationResults>",
		"<Error><Code>c</Code></Error>", "--b\r\nContent-ID: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n--b--",
	} {
		f.Add(200, "bytes 0-0/1", []byte(body))
		f.Add(404, `"1"`, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, header string, body []byte) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		client := &http.Client{Transport: answering(func(r *http.Request) *http.Response {
			h := make(http.Header)
			for _, name := range headers {
				h.Set(name, header)
			}
			return &http.Response{
				StatusCode: status, Header: h, Request: r, ContentLength: int64(len(body)),
				Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				Body: io.NopCloser(bytes.NewReader(body)),
			}
		})}
		s, err := p.Open(t.Context(), "http://127.0.0.1:1", client)
		if err != nil {
			return
		}
		o := Options()
		o.Retry.Attempts = 1
		b := storage.New(s, o)
		defer b.Close()
		for _, call := range Calls() {
			switch call.Name {
			case "Stat", "ReadAll", "ListPage", "WriteAll IfAbsent", "Delete", "DeleteMany", "Copy":
			default:
				continue
			}
			var e *storage.Error
			err := call.Do(t.Context(), b, "")
			if errors.As(err, &e) && e.Kind == nil && e.Err == nil && e.Status == 0 {
				t.Errorf("%s: %v, which says nothing", call.Name, err)
			}
		}
	})
}

type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	return a(r), nil
}
