package hostile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/polystore/storage/internal/stub"
)

// about is what a request is about.
type about struct {
	keys []string // of the objects that its path, query, headers and body name
	asks []string // what it is for beside an object: parameters of special
}

// special are the parameters that make another request of one for an object or a list. Those of
// [valued] count with their value.
var special = []string{
	"acl", "policy", "delete", "uploads", "uploadId", "partNumber", "tagging", "versioning",
	"lifecycle", "comp", "restype", "upload_id", "uploadType",
}

var valued = map[string]bool{"comp": true, "restype": true, "uploadType": true}

// about reads a request whole.
func (p *Provider) about(r *stub.Request) (*about, error) {
	a := new(about)
	values, err := p.target(a, r.RequestURI)
	if err != nil {
		return nil, err
	}
	if r.Header.Get(evil) != "" || strings.Contains(r.Host, "other") {
		return nil, errors.New("injected, or for another host")
	}
	if name := values.Get("name"); name != "" {
		a.keys = append(a.keys, name)
	}
	if err := p.source(a, r); err != nil {
		return nil, err
	}
	switch {
	case values.Has("delete"):
		err = deleted(a, r.Body)
	case values.Get("comp") == "batch":
		err = p.batched(a, r)
	default:
		err = named(a, r)
	}
	return a, err
}

// target reads the path and the query of a request.
func (p *Provider) target(a *about, uri string) (url.Values, error) {
	raw, query, _ := strings.Cut(uri, "?")
	// Cleaned is what something on the way may make of the path.
	base, cleaned := "", path.Clean(raw)
	for _, b := range p.Bases {
		if (raw == b || strings.HasPrefix(raw, b+"/")) &&
			(cleaned == b || strings.HasPrefix(cleaned, b+"/")) {
			base = b
		}
	}
	if base == "" {
		return nil, errors.New("outside the bucket")
	}
	// A rewrite of Cloud Storage has both keys in its path.
	key, to, rewrite := strings.Cut(strings.TrimPrefix(raw, base), "/rewriteTo"+bucketOf(base))
	if !rewrite {
		to = ""
	}
	for _, k := range [...]string{key, to} {
		k, err := url.PathUnescape(strings.TrimPrefix(k, "/"))
		if err != nil {
			return nil, errors.New("a path that does not parse")
		}
		if k != "" {
			a.keys = append(a.keys, k)
		}
	}
	values, err := url.ParseQuery(query)
	switch {
	case err != nil:
		return nil, errors.New("a query that does not parse")
	case values.Has(evil):
		return nil, errors.New("a parameter that was injected")
	}
	for _, name := range special {
		switch {
		case len(values[name]) > 1:
			return nil, fmt.Errorf("%s twice", name)
		case values.Has(name) && valued[name]:
			a.asks = append(a.asks, name+"="+values.Get(name))
		case values.Has(name):
			a.asks = append(a.asks, name)
		}
	}
	return values, nil
}

// bucketOf is the path of a bucket as the target of a rewrite has it.
func bucketOf(base string) string {
	_, bucket, ok := strings.Cut(base, "/v1")
	if !ok {
		return "\x00" // which is in no path
	}
	return bucket
}

// source reads what a copy is made of.
func (p *Provider) source(a *about, r *stub.Request) error {
	if from := r.Header.Get("X-Amz-Copy-Source"); from != "" {
		_, err := p.target(a, "/"+strings.TrimPrefix(from, "/"))
		return err
	}
	from := r.Header.Get("X-Ms-Copy-Source")
	if from == "" {
		return nil
	}
	u, err := url.Parse(from)
	if err != nil || u.Host != r.Host {
		return errors.New("a source at another host")
	}
	_, err = p.target(a, u.RequestURI())
	return err
}

// deleted reads the document of a batch of S3 or Cloud Storage.
func deleted(a *about, body []byte) error {
	var list struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   string
		Object  []struct {
			Key  []string
			Else []struct{} `xml:",any"`
		}
		Else []struct{} `xml:",any"`
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&list); err != nil || len(list.Object) == 0 || len(list.Else) > 0 {
		return errors.New("a batch that does not parse")
	}
	for _, o := range list.Object {
		if len(o.Key) != 1 || len(o.Else) > 0 {
			return errors.New("an entry of a batch that is no key alone")
		}
		a.keys = append(a.keys, o.Key[0])
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text behind a batch")
	}
	return nil
}

// batched reads the requests in a batch of Azure.
func (p *Provider) batched(a *about, r *stub.Request) error {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"])
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		if err == io.EOF && n > 0 {
			return nil
		}
		if err != nil || part.Header.Get(evil) != "" {
			return fmt.Errorf("part %d of a batch: %v, %v", n, err, part)
		}
		text := bufio.NewReader(part)
		one, err := http.ReadRequest(text)
		if err != nil {
			return fmt.Errorf("request %d of a batch: %w", n, err)
		}
		of := new(about)
		_, err = p.target(of, one.RequestURI)
		// A line end is left in front of the boundary.
		rest, _ := io.ReadAll(text)
		if err != nil || one.Method != http.MethodDelete || len(of.keys) != 1 || len(of.asks) > 0 ||
			one.Header.Get(evil) != "" || len(bytes.TrimSpace(rest)) > 0 {
			return fmt.Errorf("request %d of a batch: %s %s, %v, %v, then %q",
				n, one.Method, one.RequestURI, one.Header, err, rest)
		}
		a.keys = append(a.keys, of.keys...)
	}
}

// named reads the name that the attributes of an upload or a rewrite of Cloud Storage have.
func named(a *about, r *stub.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body := r.Body
	if err == nil && kind == "multipart/related" {
		part, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).NextPart()
		if err != nil {
			return err
		}
		body, _ = io.ReadAll(part)
		kind, _, _ = mime.ParseMediaType(part.Header.Get("Content-Type"))
	}
	if kind != "application/json" {
		return nil
	}
	var attributes struct{ Name string }
	if err := json.Unmarshal(body, &attributes); err != nil {
		return err
	}
	if attributes.Name != "" {
		a.keys = append(a.keys, attributes.Name)
	}
	return nil
}
