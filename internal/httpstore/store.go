// Package httpstore is a small driver of a plain store of HTTP, with its server: what the kit of
// faults is tried on, without a cloud. The server keeps the objects in any other Store.
package httpstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Store is the client's side of a [Handler].
type Store struct {
	storage.Unsupported
	endpoint string
	client   *httpdriver.Client
	hasher   driver.Hasher
}

var _ storage.FullStore = (*Store)(nil)

// New returns the Store behind the URL of a server, which ends without a slash.
func New(endpoint string, client *http.Client) *Store {
	return &Store{endpoint: endpoint, client: httpdriver.NewClient(client, nil)}
}

// Capabilities says that the Store has all but versions, classes, tags and signatures.
func (s *Store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, ExactContentType: true,
		Checksums: []string{"CRC32C"}, ListETag: true, DeleteIfMatch: true, DeleteBatch: true,
		Copy: true, CopyConditions: true, CopyReplace: true, CopySourceIfMatch: true,
		Multipart: true, MultipartConditions: true, AbortUpload: true,
		ListParts: true, ListUploads: true, ListUploadsPrefix: true, CoexistingKeys: true,
	}
}

// request is one request to be made.
type request struct {
	method, key string
	query       url.Values
	header      http.Header
	body        *driver.Payload // or document
	document    any             // sent as JSON
	into        any             // where the answer's JSON goes
	want        int             // the status of a success; 206 may stand for 200
	write       bool
	refused     error // the kind of 412
}

// do makes a request. The caller closes the body of the answer, which is closed already where there
// is something for it to go into.
func (s *Store) do(ctx context.Context, r *request) (*http.Response, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	a := &httpdriver.Attempt{
		Write: r.write, Refused: r.refused, Body: r.body,
		Stream: r.method == http.MethodGet && r.into == nil,
	}
	address := s.endpoint + "/" + strings.ReplaceAll(url.PathEscape(r.key), "%2F", "/")
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	switch {
	case r.body != nil:
		body = r.body
	case r.document != nil:
		text, err := json.Marshal(r.document)
		if err != nil {
			return nil, driver.Invalidf("%w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(httpdriver.Begin(ctx, a), r.method, address, body)
	if err != nil {
		return nil, driver.Invalidf("%w", driver.WithoutURL(err))
	}
	if r.body != nil {
		req.ContentLength = r.body.Size()
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, a.Fail(ctx, err)
	}
	partial := resp.StatusCode == http.StatusPartialContent && r.header.Get("Range") != ""
	switch {
	case resp.StatusCode/100 != 2:
		defer resp.Body.Close()
		return nil, refusal(a, resp)
	case resp.StatusCode != r.want && !partial, resp.Header.Get(ours) == "":
		resp.Body.Close()
		return nil, a.Foreign("%s without what this service sends", resp.Status)
	case r.into == nil:
		return resp, nil
	}
	defer resp.Body.Close()
	text := io.LimitReader(resp.Body, httpdriver.MaxDocument)
	if err := json.NewDecoder(text).Decode(r.into); err != nil {
		return nil, a.Fail(ctx, err)
	}
	return resp, nil
}

// refusal is the error of an answer that is no success.
func refusal(a *httpdriver.Attempt, resp *http.Response) error {
	if own := a.Failure(); own != nil {
		return own
	}
	e := &storage.Error{
		Status: resp.StatusCode, Code: resp.Header.Get(errorCode),
		Kind:       httpdriver.KindOfStatus(resp.StatusCode),
		RetryAfter: httpdriver.RetryAfter(resp.Header.Get("Retry-After")),
	}
	if kind := kindOf(e.Code); kind != nil {
		e.Kind = kind
	} else if e.Kind == storage.ErrPrecondition && a.Refused != nil {
		e.Kind = a.Refused
	}
	switch {
	case resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		e.Kind = storage.ErrThrottled
	case e.Kind == storage.ErrUnavailable:
		e.InDoubt = a.InDoubt()
	}
	return e
}

// ours is in every answer of the service; errorCode says the kind of a refusal.
const (
	ours      = "X-Store"
	errorCode = "X-Error"
	crcHeader = "X-Crc32c"
	metaName  = "X-Meta-"
	timeName  = "X-Mod-Time"
	copyFrom  = "X-Copy-Source"
)

// kinds are the names of the kinds that the service tells, with their statuses.
var kinds = []struct {
	kind   error
	name   string
	status int
}{
	{storage.ErrNotExist, "NotExist", 404},
	{storage.ErrExist, "Exist", 412},
	{storage.ErrPrecondition, "Precondition", 412},
	{storage.ErrNotModified, "NotModified", 304},
	{storage.ErrRange, "Range", 416},
	{storage.ErrIntegrity, "Integrity", 400},
	{storage.ErrInvalidKey, "InvalidKey", 400},
	{storage.ErrInvalid, "Invalid", 400},
}

func kindOf(code string) error {
	for _, k := range kinds {
		if k.name == code {
			return k.kind
		}
	}
	return nil
}

// head describes what the headers of an answer say.
func head(key string, h http.Header) (*storage.Object, error) {
	o := &storage.Object{
		Key: key, ETag: h.Get("ETag"), Size: -1,
		ContentType: h.Get("Content-Type"), ContentEncoding: h.Get("Content-Encoding"),
		ContentDisposition: h.Get("Content-Disposition"),
		ContentLanguage:    h.Get("Content-Language"), CacheControl: h.Get("Cache-Control"),
	}
	if !driver.ValidETag(o.ETag) {
		return nil, driver.Errorf(storage.ErrUnavailable, "%w: no ETag", httpdriver.ErrForeign)
	}
	if n, err := strconv.ParseInt(h.Get("X-Size"), 10, 64); err == nil {
		o.Size = n
	}
	o.ModTime, _ = time.Parse(time.RFC3339Nano, h.Get(timeName))
	o.Checksums.CRC32C = httpdriver.DecodeSum(h.Get(crcHeader), 4)
	coded := make(map[string]string)
	for name := range h {
		if short, ok := strings.CutPrefix(name, metaName); ok {
			coded[short] = h.Get(name)
		}
	}
	o.Metadata = driver.DecodeMetadata(coded)
	return o, nil
}

// set puts headers, metadata and conditions of a write into h.
func set(h http.Header, o *storage.PutOptions) error {
	err := cmp.Or(driver.CheckHeaders(o), driver.Refuse("StorageClass", o.StorageClass != ""),
		driver.Refuse("Tags", len(o.Tags) > 0))
	if err != nil {
		return err
	}
	coded, err := driver.EncodeMetadata(o.Metadata, 0, 8<<10)
	if err != nil {
		return err
	}
	for name, v := range coded {
		h.Set(metaName+name, v)
	}
	for name, v := range map[string]string{
		"Content-Type": o.ContentType, "Content-Encoding": o.ContentEncoding,
		"Content-Disposition": o.ContentDisposition, "Content-Language": o.ContentLanguage,
		"Cache-Control": o.CacheControl, "If-Match": o.IfMatch,
	} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if o.IfAbsent {
		h.Set("If-None-Match", "*")
	}
	return nil
}

func refusedKind(ifAbsent bool) error {
	if ifAbsent {
		return storage.ErrExist
	}
	return storage.ErrPrecondition
}
